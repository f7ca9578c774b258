import type { Config } from '../config/config.js';
import type { EntryName } from '../ids/entry-name.js';
import type { Account } from './engine.js';
import type { ChunkRecord, FileRecord, TransferRecord } from './transfer-records.js';
import type { PartitionStatus } from './partition-status.js';

/** Interfaces that operators' commands need of an engine, in addition to those of the API (`engine.ts`). */

/** Result of one check of the service. */
export interface Diagnosis {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'problem';
  /** Result in one line. */
  readonly says: string;
  /** Advice what to do about it. */
  readonly remedy?: string;
}

/** Outcome of an import, in numbers of records. */
export interface Imported {
  readonly accounts: number;
  readonly entries: number;
  readonly posts: number;
  readonly files: number;
  /** Records that were there already, or in a newer version. */
  readonly present: number;
  /** Records of accounts that were not imported, or are gone by now. */
  readonly skipped: number;
  /** Accounts that were not imported. */
  readonly conflicts: readonly AccountConflict[];
  /** Accounts that got another number, because theirs was already given here. */
  readonly renumbered: number;
}

export interface AccountConflict {
  readonly username: string;
  readonly reason: string;
}

/**
 * Imports the records of an export into a store, while processes serve it. Existing data stays unless the imported
 * value has a larger version, so an interrupted import is run again. Every method may throw `unavailable` or
 * `storage_full`, and may be repeated then.
 */
export interface StoreWriter {
  /**
   * Makes sure that all further numbers, versions and ids are larger than `highest`. Returns the last number that was
   * given before. The store remembers it under this name until `finish`, so a second run gives its accounts the same
   * numbers.
   */
  begin(name: string, highest: { readonly number: number; readonly version: number }): Promise<number>;
  /** Imports accounts, entries and posts, durably. `lastNumber` is what `begin` returned. */
  write(records: readonly TransferRecord[], lastNumber: number): Promise<Imported>;
  /** Imports a file. Reads its chunks only if it needs them. */
  writeFile(file: FileRecord, chunks: AsyncIterable<ChunkRecord>): Promise<Imported>;
  /** Removes the note of `begin`. */
  finish(name: string): Promise<void>;
  /** May be called twice. */
  close(): Promise<void>;
}

/** Callback for each thing that is not kept, with the reason. */
export type Report = (line: string) => void;

export interface OriginalPlace {
  readonly url: string;
  readonly database: string;
  /** Names of its collections. */
  readonly names: { readonly users: string; readonly store: string; readonly tokens: string };
}

/** Database of an original Keybin. */
export interface OriginalKeybin {
  /** Location without credentials. */
  readonly location: string;
  /** Renames collections of the original if they are in the place of the target store's own. May be repeated. */
  setAside(target: Config['store']): Promise<void>;
  /** Returns accounts and entries, always the same for the same data. */
  records(report: Report): AsyncIterable<TransferRecord>;
  close(): Promise<void>;
}

export interface Leftovers {
  /** True if the name belongs to an account. The data of that account does not count. */
  readonly registered: boolean;
  /**
   * Number of erased accounts of this name that the store still remembers. It remembers one for as long as its data
   * might come back.
   */
  readonly erased: number;
  /**
   * Remains by place: of these accounts, and of erased accounts that the store no longer remembers. The latter may have
   * had any name.
   */
  readonly left: Readonly<Record<string, number>>;
}

/**
 * Reads everything in a store, while processes serve it, without changing anything. Every method may throw
 * `unavailable`.
 */
export interface StoreReader {
  /** Returns every account that exists throughout, in no order. */
  accounts(): AsyncIterable<Account>;
  /** Location of the data, without credentials. */
  readonly location: string;
  /** Returns the approximate number of records. */
  size(): Promise<number>;
  /**
   * Returns everything for an export: each account that exists throughout, with its data that exists throughout, in the
   * last version. Data that is written, deleted or erased meanwhile may or may not be included.
   */
  records(): AsyncIterable<TransferRecord>;
  /** Returns a line for each damaged part of the store's own files. MongoDB checks its files itself. */
  damagedParts(): Promise<string[]>;
  /** Returns the remains of erased accounts of this name. */
  leftovers(username: string): Promise<Leftovers>;
  /** May be called twice. */
  close(): Promise<void>;
}

/** Acknowledged write that the database will not store. It stays readable until a newer one replaces it. */
export interface RejectedWrite extends EntryName {
  readonly partition: number;
  readonly acceptedAt: Date;
  /** Reason that the database gave. */
  readonly reason: string;
}

/** Queue commands. Every method may throw `unavailable`. */
export interface QueueOperations {
  /** Returns the status of each partition, in order. */
  status(): Promise<PartitionStatus[]>;
  /** Returns the rejected writes, in no order. */
  rejected(): AsyncIterable<RejectedWrite>;
  /** Returns the usernames of these accounts by their ids. Empty if MongoDB is down. */
  usernames(userIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Returns the ids of the accounts with these names. */
  userIds(usernames: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * Retries a rejected write as the last accepted write of its key: a newer write is never undone. Returns false if it
   * is not rejected.
   */
  retry(name: EntryName): Promise<boolean>;
  /** Retries all rejected writes. Returns their number. */
  retryAll(): Promise<number>;
  /** Stops workers from taking jobs, in all partitions. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /**
   * Gives the configured store the queue with this id in place of its own, with the writes that wait there. Returns
   * `own` if it has that queue already.
   *
   * Throws an `Error` of one line if there is no such queue, or if a process was alive on one of the queues within the
   * last seconds. Also if writes of this store wait in its own queue, or if entries are pending under another number of
   * partitions.
   */
  adopt(queueId: string): Promise<'adopted' | 'own'>;
  /** May be called twice. */
  close(): Promise<void>;
}
