import type { Binary, ObjectId } from 'mongodb';

/** The ids of all documents whose `_id` begins with `<prefix>/`. */
export const idsUnder = (prefix: string) => ({ $gte: `${prefix}/`, $lt: `${prefix}0` }); // 0 comes after /

/** An entry, or a post (`post-key.ts`): `value` is JSON text; one without `value` is a tombstone. */
export interface StoreDocument {
  /** `<user_id>/<key>` */
  readonly _id: string;
  /** µs of Redis's time; the larger one wins. */
  readonly version: number;
  readonly value?: string;
  readonly deleted_at?: Date;
}

export interface UserDocument {
  /** The account's object id. */
  readonly _id: ObjectId;
  readonly user_id: string;
  readonly number: number;
  readonly username: string;
  readonly password: string;
  readonly created_at: Date;
  /** Since when the account is disabled, if it is. */
  readonly disabled_at?: Date;
  /** How often it was disabled; absent: never. */
  readonly generation?: number;
}

/** The one token of a client. All times are Redis's. */
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
  /** Of the account as it logged in; absent: 0. */
  readonly generation?: number;
}

/** A code with which a name may be registered. */
export interface CodeDocument {
  /** The name. */
  readonly _id: string;
  readonly hash: string;
  /** In Redis's time. */
  readonly expires_at: Date;
  /** Wrong tries that are left. */
  readonly tries_left: number;
}

/** An erased account whose data is not all gone yet, or might come back. */
export interface ErasureDocument {
  /** The user id: a name may belong to someone else by now. */
  readonly _id: string;
  readonly erased_at: Date;
  /** When the next pass is to run. */
  readonly due_at: Date;
  /** Passes that have run. */
  readonly passes: number;
  /** The pass after this time is the last. */
  readonly ends_at: Date;
  /** `erasedName`; absent in a record of an older Keybin. */
  readonly name_hash?: string;
}

/** A file of GridFS. An upload under way and a removed file have such a document, too, but not all of the chunks. */
export interface FileDocument {
  /** The file's id. */
  readonly _id: ObjectId;
  readonly filename: string;
  readonly chunkSize: number;
  readonly length?: number;
  readonly uploadDate?: Date;
  readonly metadata: {
    readonly user_id: string;
    readonly state: 'uploading' | 'stored' | 'removed';
    /** Bytes for which it has room in its account. */
    readonly room: number;
    /** Hexadecimal. */
    readonly sha256?: string;
    /** When the sweeper has to do with it: the end of the lease, or the next pass that removes its chunks. In Redis's time. */
    readonly due_at?: Date;
    /** Passes that have run. */
    readonly passes?: number;
    /** The pass after this time is the last. */
    readonly ends_at?: Date;
  };
}

/** A chunk of GridFS, but for its id: by that all chunks of an account, or of a file, are found. */
export interface ChunkDocument {
  /** `<user_id>/<file id>/<n>`, 8 digits. */
  readonly _id: string;
  readonly files_id: ObjectId;
  readonly n: number;
  readonly data: Binary;
}

export interface CounterDocument {
  readonly _id: string;
  readonly last: number;
  /** By the name of an import that is not complete: what `last` was before it. */
  readonly imports?: Readonly<Record<string, number>>;
}

/** What all processes must agree on, such as the number of partitions. */
export interface SettingDocument {
  readonly _id: string;
  readonly value: number | string;
}
