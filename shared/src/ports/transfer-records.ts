import type { Account, StoredFile } from './engine.js';

/** Records of an export. Each account is followed by all its own data, in this order. */
export type TransferRecord = AccountRecord | EntryRecord | PostRecord | FileRecord | ChunkRecord | GoneRecord;

export interface AccountRecord {
  readonly type: 'account';
  readonly account: Account;
}

export interface EntryRecord {
  readonly type: 'entry';
  readonly userId: string;
  readonly key: string;
  /** Version in µs. The value with the larger version of a key counts. */
  readonly version: number;
  /** Value as JSON text. */
  readonly json: string;
}

export interface PostRecord {
  readonly type: 'post';
  readonly userId: string;
  readonly id: string;
  /** Content as JSON text. */
  readonly json: string;
}

/** Record of a file. Its chunks follow. */
export interface FileRecord {
  readonly type: 'file';
  readonly userId: string;
  readonly file: StoredFile;
}

/** Chunk of the preceding file. */
export interface ChunkRecord {
  readonly type: 'chunk';
  readonly userId: string;
  readonly fileId: string;
  /** Number of the chunk, from 0. */
  readonly n: number;
  readonly bytes: Uint8Array;
}

/** Mark for an account or file that was erased during the export. Its records before this do not count. */
export interface GoneRecord {
  readonly type: 'gone';
  readonly userId: string;
  readonly fileId?: string;
}

/** Size of each chunk but the last one of a file. */
export const chunkBytes = 512 * 1024;
