import type { Account, StoredFile } from './engine.js';

/** What an export is made of: each account with all that is its own right behind it, in this order. */
export type TransferRecord = AccountRecord | EntryRecord | PostRecord | FileRecord | ChunkRecord | GoneRecord;

export interface AccountRecord {
  readonly type: 'account';
  readonly account: Account;
}

export interface EntryRecord {
  readonly type: 'entry';
  readonly userId: string;
  readonly key: string;
  /** µs; of two values of a key the one with the larger one counts. */
  readonly version: number;
  /** The value as JSON text. */
  readonly json: string;
}

export interface PostRecord {
  readonly type: 'post';
  readonly userId: string;
  readonly id: string;
  /** The content as JSON text. */
  readonly json: string;
}

/** A file, whose chunks follow. */
export interface FileRecord {
  readonly type: 'file';
  readonly userId: string;
  readonly file: StoredFile;
}

/** Bytes of the file before it. */
export interface ChunkRecord {
  readonly type: 'chunk';
  readonly userId: string;
  readonly fileId: string;
  /** Counts up from 0. */
  readonly n: number;
  readonly bytes: Uint8Array;
}

/** The account, or the file, was erased while it was being exported: what was exported of it does not count. */
export interface GoneRecord {
  readonly type: 'gone';
  readonly userId: string;
  readonly fileId?: string;
}

/** Of each chunk but the last one of a file. */
export const chunkBytes = 512 * 1024;
