import type { Health } from './health.js';
import type { PartitionStatus } from './partition-status.js';

/**
 * What the API needs of an engine. Both engines (`engines/embedded`, `engines/scale-out`) implement these interfaces and one
 * contract suite runs over both. Every method may also throw `unavailable` (a dependency is away; within 2 s) and every
 * write `storage_full`.
 */

export interface Account {
  /** UUID v4; never reused. */
  readonly userId: string;
  /** Rises from 1, never reused. */
  readonly number: number;
  /** 24 hex digits. */
  readonly objectId: string;
  readonly username: string;
  /** bcrypt, `$2b$`. */
  readonly passwordHash: string;
  readonly createdAt: Date;
  /** An operator has disabled it: nobody may log in. */
  readonly disabled: boolean;
  /** How often it was disabled. A token, stored or signed, counts only in the generation in which its account logged in. */
  readonly generation: number;
}

export interface Accounts {
  /** Stores a new account durably. Throws `account_exists`. */
  create(username: string, passwordHash: string): Promise<Account>;
  find(username: string): Promise<Account | undefined>;
  findByNumber(number: number): Promise<Account | undefined>;
  findById(userId: string): Promise<Account | undefined>;
  /**
   * Ends the account: when this resolves none of its tokens is accepted and none of its data readable, through any process,
   * and the name is free. The data itself is removed in the background. An account that is gone already is no error.
   */
  erase(account: Account): Promise<void>;
  /**
   * Disables the account: when this resolves none of its tokens is accepted any more, through any process. Its data and its name
   * stay. May be repeated, and must be when it has failed.
   */
  disable(account: Account): Promise<void>;
  /** Lets a disabled account log in again; its earlier tokens stay dead. */
  enable(account: Account): Promise<void>;
}

export interface NewToken {
  readonly userId: string;
  /** Of the account as it logged in; 0 unless told otherwise. */
  readonly generation?: number;
  /** The device that the token is for: a client has one live token. Any string. */
  readonly clientId: string;
  /** The token itself; the store keeps its SHA-256 only. */
  readonly token: string;
  readonly lifetimeSeconds: number;
}

export interface Tokens {
  /**
   * Makes `token` the only live one of its client, durably. Of more than the allowed number of clients per account the
   * oldest makes room. Throws `invalid_credentials` when the account is gone or was disabled since it logged in.
   */
  issue(token: NewToken): Promise<void>;
  /**
   * The user id of the token's account. Throws `invalid_token` for one that is unknown, expired, replaced, revoked, or whose
   * account is gone.
   */
  check(token: string): Promise<string>;
  /** Ends this token everywhere; throws `invalid_token` when it is not live. */
  revoke(token: string): Promise<void>;
}

export interface NewCode {
  /** Whoever has the code may register this name. */
  readonly username: string;
  /** 64 hex digits: the store never sees the code. */
  readonly codeHash: string;
  readonly lifetimeSeconds: number;
  /** Wrong ones that end it. */
  readonly tries: number;
}

/** Codes that show that a name was asked for before it is registered. */
export interface IdentifyCodes {
  /** Stores a code durably in place of the earlier one of its name. */
  put(code: NewCode): Promise<void>;
  /** Throws `invalid_identify_code` unless this is the live code of the name; a wrong one is counted, however many come at once. */
  check(username: string, codeHash: string): Promise<void>;
  /** Ends the code durably: of several at once with it one succeeds, and the others throw `invalid_identify_code`. */
  redeem(username: string, codeHash: string): Promise<void>;
}

export interface Secrets {
  /** The secret of this name that all processes share, durably: `proposed` if there is none yet. */
  agree(name: string, proposed: string): Promise<string>;
}

/** How often something was counted in the running window of time, and when that ends. */
export interface RateCount {
  readonly count: number;
  readonly resetsInMs: number;
}

/**
 * Counts for all processes that share the data. Never throws: while the store is away or slow, each process counts by itself.
 * A key is not secret, and must name nobody in clear text.
 */
export interface RateCounters {
  /** Counts one more; a window begins with its first. */
  add(key: string, windowSeconds: number): Promise<RateCount>;
  count(key: string): Promise<RateCount>;
  /** Ends the running window. */
  forget(key: string): Promise<void>;
}

/**
 * Called before an answer that was read without what may be newer: a write that was answered may be missing. An engine does
 * that only while it cannot know what is newest, only where the operator allowed it, and only for a caller who passes this.
 */
export type OnStale = () => void;

/**
 * The entries of the account that the token belongs to. Each method throws `invalid_token`, checked in the same step. `request` is the id
 * of the request that a write comes from, for the log of whoever applies it.
 */
export interface Entries {
  /** The value as JSON text. Throws `key_not_found`. */
  get(token: string, key: string, onStale?: OnStale): Promise<string>;
  /** All keys in code-unit order. */
  keys(token: string, onStale?: OnStale): Promise<string[]>;
  /** Stores `json`, a value as JSON text, durably. */
  put(token: string, key: string, json: string, request?: string): Promise<void>;
  /** Throws `key_not_found`. */
  delete(token: string, key: string, request?: string): Promise<void>;
}

export interface Post {
  /** 24 hex digits (`post-id.ts`); of two posts the one that was begun after the other had been answered has the larger one. */
  readonly id: string;
  /** Of its author. */
  readonly userId: string;
  /** The content as JSON text. */
  readonly json: string;
}

export interface PostPage {
  /** Newest first. A page of much content may have fewer than `limit`, but one at least if there is one. */
  readonly posts: readonly Post[];
  /** Whether there are older ones. */
  readonly more: boolean;
}

/** The newest posts or files of an account. */
export interface PageRequest {
  /** At least 1. */
  readonly limit: number;
  /** Only those that are older than the one with this id, whether or not that is still there. */
  readonly after?: string | undefined;
}

/**
 * The posts of the account that the token belongs to. Each method throws `invalid_token`; those for one post `post_not_found`,
 * and `forbidden` for the id of a post that another account was given.
 */
export interface Posts {
  /** Stores `json`, a content as JSON text, durably, and answers its id. */
  create(token: string, json: string, request?: string): Promise<string>;
  get(token: string, id: string): Promise<Post>;
  /**
   * Every post that was there throughout is on one of the pages that are asked for each `after` the last one of the page before,
   * and on one only.
   */
  list(token: string, page: PageRequest): Promise<PostPage>;
  delete(token: string, id: string, request?: string): Promise<void>;
}

export interface StoredFile {
  /** 24 hex digits (`file-id.ts`), which begin with the time at which the upload began. */
  readonly id: string;
  readonly name: string;
  /** In bytes. */
  readonly length: number;
  /** Of its bytes, hexadecimal. */
  readonly sha256: string;
}

export interface NewFile {
  readonly name: string;
  /** The file is no longer than this, if that much is known: room for it is looked for before its first byte. */
  readonly atMostBytes?: number | undefined;
}

/**
 * A file on its way in. Nothing of it can be read before it is finished. It is kept by a lease: whatever becomes of this process, an
 * upload that is not finished leaves nothing behind. A method that throws has ended it.
 */
export interface Upload {
  /**
   * Resolves when more may be given, which the caller must wait for. Throws `file_too_large`, `account_full`, `invalid_token` when
   * the account is gone.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when the file is durable and can be read. Throws as `write` does. */
  finish(): Promise<StoredFile>;
  /** Ends it, unless it has ended, and does not wait long for a store that hangs. Never throws. */
  abort(): Promise<void>;
}

/** Bytes of a file, from `start` up to `end`, which is not one of them. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface OpenFile {
  /** Of its account. */
  readonly userId: string;
  readonly file: StoredFile;
  /** Throws half-way, with whatever is at hand, if the account or the file is gone or the store is away. */
  read(range: ByteRange): AsyncIterable<Uint8Array>;
}

export interface FilePage {
  /** Newest first. */
  readonly files: readonly StoredFile[];
  /** Whether there are older ones. */
  readonly more: boolean;
}

/**
 * The files of the account that the token belongs to. Each method throws `invalid_token`; those for one file `file_not_found`, and
 * `forbidden` for a file of another account.
 */
export interface Files {
  /** Throws `account_full`. */
  begin(token: string, file: NewFile): Promise<Upload>;
  open(token: string, id: string): Promise<OpenFile>;
  list(token: string, page: PageRequest): Promise<FilePage>;
  /** The file cannot be read any more; its bytes are removed in the background. */
  delete(token: string, id: string): Promise<void>;
}

export interface Engine {
  /** `embedded` or `scale-out`: for messages only; nothing may depend on it. */
  readonly name: string;
  /** Where the data is, without credentials, for the line printed at start. */
  readonly location: string;
  readonly accounts: Accounts;
  readonly tokens: Tokens;
  readonly entries: Entries;
  readonly posts: Posts;
  readonly files: Files;
  readonly identifyCodes: IdentifyCodes;
  readonly secrets: Secrets;
  readonly rateCounters: RateCounters;
  /** Asks everything that the engine depends on whether it is there. Never throws; within 2 s. */
  health(): Promise<Health>;
  /** What waits to be applied; missing where a write is applied when it is answered. Throws `unavailable`. */
  backlog?(): Promise<PartitionStatus[]>;
  /** For a process that is about to end at once: begins no write any more, and resolves when none is under way. */
  halt?(): Promise<void>;
  /** Waits for what is under way, then lets go of everything. May be called twice. */
  close(): Promise<void>;
}
