import type { Config } from '../config/config.js';
import type { EntryName } from '../ids/entry-name.js';
import type { Account } from './engine.js';
import type { ChunkRecord, FileRecord, TransferRecord } from './transfer-records.js';
import type { PartitionStatus } from './partition-status.js';

/** What an operator's command needs of an engine, beside what the API needs (`engine.ts`). */

/** What a look at a part of the service has shown. */
export interface Diagnosis {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'problem';
  /** One line. */
  readonly says: string;
  /** What to do about it. */
  readonly remedy?: string;
}

/** What became of records that were to be imported. */
export interface Imported {
  readonly accounts: number;
  readonly entries: number;
  readonly posts: number;
  readonly files: number;
  /** Were there already, or something newer in their place. */
  readonly present: number;
  /** Of accounts that were not taken, or are gone by now. */
  readonly skipped: number;
  /** Accounts that were not taken. */
  readonly conflicts: readonly AccountConflict[];
  /** Accounts that got another number, since theirs has been given here before. */
  readonly renumbered: number;
}

export interface AccountConflict {
  readonly username: string;
  readonly reason: string;
}

/**
 * Takes the records of an export into a store, beside the processes that serve it. What is there already stays unless the imported
 * value has a larger version, so an import that broke off is run again. Every method may throw `unavailable` or `storage_full`, and may be
 * repeated then.
 */
export interface StoreWriter {
  /**
   * Makes sure that the numbers, versions and ids that are given from now on are larger than `highest`. Returns the last number that was
   * given before. The store remembers it under this name until `finish`, so that a second run gives its accounts the same numbers.
   */
  begin(name: string, highest: { readonly number: number; readonly version: number }): Promise<number>;
  /** Imports accounts, entries and posts, durably. `lastNumber` is what `begin` returned. */
  write(records: readonly TransferRecord[], lastNumber: number): Promise<Imported>;
  /** Imports a file, and takes its chunks if it needs them. */
  writeFile(file: FileRecord, chunks: AsyncIterable<ChunkRecord>): Promise<Imported>;
  /** Forgets what `begin` noted. */
  finish(name: string): Promise<void>;
  /** May be called twice. */
  close(): Promise<void>;
}

/** Told of each thing that is not kept, and why. */
export type Report = (line: string) => void;

export interface OriginalPlace {
  readonly url: string;
  readonly database: string;
  /** Of its collections. */
  readonly names: { readonly users: string; readonly store: string; readonly tokens: string };
}

/** The database of an original Keybin. */
export interface OriginalKeybin {
  /** Without credentials. */
  readonly location: string;
  /** Makes room where the store that is to take it over would have its own collections. May be repeated. */
  setAside(target: Config['store']): Promise<void>;
  /** Accounts and entries, always the same for the same data. */
  records(report: Report): AsyncIterable<TransferRecord>;
  close(): Promise<void>;
}

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
  /** About how many records there are. */
  size(): Promise<number>;
  /**
   * Everything, for an export: each account that is there throughout, with what is there throughout of it as it was written last. What is
   * written, deleted or erased meanwhile may be missing or not.
   */
  records(): AsyncIterable<TransferRecord>;
  /** What is left of erased accounts of this name. */
  leftovers(username: string): Promise<Leftovers>;
  /** May be called twice. */
  close(): Promise<void>;
}

/** An acknowledged write that the database will not store. It stays readable until a newer one replaces it. */
export interface RejectedWrite extends EntryName {
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
  rejected(): AsyncIterable<RejectedWrite>;
  /**
   * Has a rejected write tried again, as the one that was accepted last for its key: a newer one is never undone.
   * Returns false if it is not rejected.
   */
  retry(name: EntryName): Promise<boolean>;
  /** The same for all of them. Returns how many were rejected. */
  retryAll(): Promise<number>;
  /** Has workers take no jobs, in all partitions. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /**
   * Has the configured store take the place of the one whose queue this is: what waits there is applied to it. Answers `own` if it was
   * this store's already. Throws an `Error` of one line while a worker has shown itself within the last seconds, or if entries wait in
   * partitions of another number.
   */
  adopt(): Promise<'adopted' | 'own'>;
  /** May be called twice. */
  close(): Promise<void>;
}
