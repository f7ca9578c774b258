import type { Account } from './ports.js';
import type { PartitionStatus } from './partition-status.js';

/** What an operator's command needs of an engine, beside what the API needs (`ports.ts`). */

export interface Leftovers {
  /** Whether the name belongs to an account, whose data does not count. */
  readonly registered: boolean;
  /** Erased accounts of this name that the store still remembers, as it does for as long as something of them might come back. */
  readonly erased: number;
  /**
   * By place, what is left of those, and of erased accounts that the store does not remember any more: those may have had any name.
   */
  readonly left: Readonly<Record<string, number>>;
}

/**
 * Looks at all that a store holds, beside the processes that serve it and without changing anything. Every method may throw
 * `unavailable`.
 */
export interface StoreReader {
  /** Every account that is there throughout, in no order. */
  accounts(): AsyncIterable<Account>;
  /** Where the data is, without credentials. */
  readonly location: string;
  /** What is left of erased accounts of this name. */
  leftovers(username: string): Promise<Leftovers>;
  /** May be called twice. */
  close(): Promise<void>;
}

export interface EntryName {
  readonly userId: string;
  readonly key: string;
}

/** A write that was answered and that the database refuses for good. It stays readable until a newer one takes its place. */
export interface FailedWrite extends EntryName {
  readonly partition: number;
  readonly acceptedAt: Date;
  /** What the database said. */
  readonly reason: string;
}

/** Every method may throw `unavailable`. */
export interface QueueOperations {
  /** In the order of the partitions. */
  status(): Promise<PartitionStatus[]>;
  /** In no order. */
  failed(): AsyncIterable<FailedWrite>;
  /**
   * Lets a write that is set aside be tried again, as the one that was accepted last for its key: a newer one is never undone.
   * Answers whether it was set aside.
   */
  retry(name: EntryName): Promise<boolean>;
  /** The same for all of them. Answers how many were set aside. */
  retryAll(): Promise<number>;
  /** Has workers take no jobs, in all partitions. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** May be called twice. */
  close(): Promise<void>;
}
