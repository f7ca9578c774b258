import type { Binary, Filter, ObjectId } from 'mongodb';
import type { ImageType } from '../../../ports/file-label.js';
import type { Stamp } from '../redis/pending-entry.js';

/** Returns the range of all ids that begin with `<prefix>/`. */
export const idsUnder = (prefix: string) => ({ $gte: `${prefix}/`, $lt: `${prefix}0` }); // 0 comes after /

/** An entry or a post. `value` is JSON text; a document without `value` is a tombstone. */
export interface StoreDocument {
  /** `<user_id>/<key>` */
  readonly _id: string;
  /** Absent: 0. Then only imports have written the document. */
  readonly epoch?: number;
  /** µs of Redis's time. Of two writes of one epoch the larger one wins. */
  readonly version: number;
  readonly value?: string;
  readonly deleted_at?: Date;
  /** Version of the import that has replaced the value. It leaves epoch and version: what is pending wins. */
  readonly imported?: number;
}

export const stampOf = ({ epoch = 0, version }: Pick<StoreDocument, 'epoch' | 'version'>): Stamp => ({
  epoch,
  version,
});

/** Returns a filter for documents whose last write was accepted in the epoch of this stamp, before it. */
export const earlierInEpoch = ({ epoch, version }: Stamp): Filter<StoreDocument> => ({
  epoch,
  version: { $lt: version },
});

/** Returns a filter for documents whose last write was accepted in an epoch before that of this stamp. */
export const inEarlierEpoch = ({ epoch }: Stamp): Filter<StoreDocument> => ({ epoch: { $not: { $gte: epoch } } });

export interface UserDocument {
  /** Object id of the account. */
  readonly _id: ObjectId;
  readonly user_id: string;
  readonly number: number;
  readonly username: string;
  /**
   * Hash of the folded name if it had to be distinct; followed by `/<number>`, so that it is unique, if it had not.
   * Absent in documents of an older Keybin until `noteFoldedNames` adds it.
   */
  readonly folded_name?: string;
  readonly password: string;
  readonly created_at: Date;
  /** Time at which the account was disabled; absent if it is enabled. */
  readonly disabled_at?: Date;
  /** Number of times the account was disabled; absent: 0. */
  readonly generation?: number;
}

/** Token of a client. All times are Redis's. */
export interface TokenDocument {
  /** `<user_id>/<client>` */
  readonly _id: string;
  readonly user_id: string;
  /** SHA-256 of the client id, hexadecimal. */
  readonly client: string;
  /** SHA-256 of the token, hexadecimal. */
  readonly hash: string;
  readonly expires_at: Date;
  readonly issued_at: Date;
  /** Generation of the account at login; absent: 0. */
  readonly generation?: number;
}

/** A code that lets a client register a name. */
export interface CodeDocument {
  /** Username. */
  readonly _id: string;
  readonly hash: string;
  /** Time of Redis. */
  readonly expires_at: Date;
  /** Wrong tries left. */
  readonly tries_left: number;
}

/** A deleted account that may still have data, or may get some back from a late write. */
export interface ErasureDocument {
  /** User id, because the name may belong to another account by now. */
  readonly _id: string;
  readonly erased_at: Date;
  /** Time of the next pass. */
  readonly due_at: Date;
  /** Number of passes that have run. */
  readonly passes: number;
  /** The pass after this time is the last. */
  readonly ends_at: Date;
  /** `erasedName` of the username; absent in records of an older Keybin. */
  readonly name_hash?: string;
}

/** A file of GridFS. Uploads in flight and removed files have such a document too, but not all of their chunks. */
export interface FileDocument {
  /** Id of the file. */
  readonly _id: ObjectId;
  readonly filename: string;
  readonly chunkSize: number;
  readonly length?: number;
  readonly uploadDate?: Date;
  readonly metadata: {
    readonly user_id: string;
    readonly state: 'uploading' | 'stored' | 'removed';
    /** Bytes that it reserves of its account's quota. */
    readonly room: number;
    /** Hexadecimal. */
    readonly sha256?: string;
    /** Type of an image; absent for other files. */
    readonly content_type?: ImageType;
    /**
     * Time at which the sweeper takes it up, in Redis's time: the end of the lease, or the next pass that removes its
     * chunks.
     */
    readonly due_at?: Date;
    /** Number of passes that have run. */
    readonly passes?: number;
    /** The pass after this time is the last. */
    readonly ends_at?: Date;
  };
}

/** A chunk of GridFS with an id of our own, by which all chunks of an account or of a file are found. */
export interface ChunkDocument {
  /** `<user_id>/<file id>/<n>`, where `n` has 8 digits. */
  readonly _id: string;
  readonly files_id: ObjectId;
  readonly n: number;
  readonly data: Binary;
}

export interface CounterDocument {
  readonly _id: string;
  readonly last: number;
  /** Value of `last` before each import that is not complete, by the import's name. */
  readonly imports?: Readonly<Record<string, number>>;
}

/** A value that all processes must agree on, such as the number of partitions. */
export interface SettingDocument {
  readonly _id: string;
  readonly value: number | string;
}
