import type { KeybinError } from '../errors.js';
import type { FileLabel } from './file-label.js';
import type { Health } from './health.js';
import type { PartitionStatus } from './partition-status.js';

/**
 * Interfaces that the API needs of an engine. Both engines (`engines/embedded`, `engines/scale-out`) implement them,
 * and one contract suite runs over both. Every method may also throw `unavailable`, within 2 s, if a dependency is
 * down. Every write may throw `storage_full`. In place of `invalid_token` each may throw `expired_token`.
 */

export interface Account {
  /** UUID v4, never reused. */
  readonly userId: string;
  /** Rises from 1, never reused. */
  readonly number: number;
  /** 24 hex digits. */
  readonly objectId: string;
  readonly username: string;
  /** bcrypt, `$2b$`. */
  readonly passwordHash: string;
  readonly createdAt: Date;
  /** True if an operator has disabled the account: nobody can log in. */
  readonly disabled: boolean;
  /**
   * Number of times the account was disabled. A token, stored or signed, counts only in the generation in which its
   * account logged in.
   */
  readonly generation: number;
}

export interface Accounts {
  /**
   * Stores a new account durably. Throws `account_exists`. If it must be `distinct`, it does so too if the name of
   * another account has the same folded form (`foldedName`). Of several such calls at once one succeeds.
   */
  create(username: string, passwordHash: string, must?: { readonly distinct: boolean }): Promise<Account>;
  find(username: string): Promise<Account | undefined>;
  findByNumber(number: number): Promise<Account | undefined>;
  findById(userId: string): Promise<Account | undefined>;
  /**
   * Deletes the account. When this resolves, no process accepts its tokens or returns its data, and the name is free.
   * The data itself is removed in the background. Resolves also if the account no longer exists.
   */
  erase(account: Account): Promise<void>;
  /**
   * Disables the account. When this resolves, no process accepts any of its tokens. Its data and its name stay. May be
   * repeated, and must be repeated after a failure.
   */
  disable(account: Account): Promise<void>;
  /** Lets a disabled account log in again. Its earlier tokens stay revoked. */
  enable(account: Account): Promise<void>;
}

export interface NewToken {
  readonly userId: string;
  /** Generation of the account when it logged in. Default: 0. */
  readonly generation?: number;
  /** Device that the token is for, as any string. A client has one live token. */
  readonly clientId: string;
  /** Token in clear text. The store keeps only its SHA-256. */
  readonly token: string;
  readonly lifetimeSeconds: number;
}

export interface Tokens {
  /**
   * Makes `token` the only live token of its client, durably. If the account has too many clients, the new one replaces
   * the oldest. Throws `invalid_credentials` if the account is gone or was disabled since it logged in.
   */
  issue(token: NewToken): Promise<void>;
  /**
   * Returns the user id of the token's account. Throws `invalid_token` if the token is unknown, expired, replaced or
   * revoked, or if its account is gone.
   */
  check(token: string): Promise<string>;
  /** Revokes this token everywhere. Throws `invalid_token` if it is not live. */
  revoke(token: string): Promise<void>;
}

export interface NewCode {
  /** Name that the holder of the code may register. */
  readonly username: string;
  /** 64 hex digits. The store never sees the code itself. */
  readonly codeHash: string;
  readonly lifetimeSeconds: number;
  /** Number of wrong guesses that end the code. */
  readonly tries: number;
}

/** Identify codes: a client requests one for a name before it registers the name. */
export interface IdentifyCodes {
  /** Stores a code durably. It replaces the earlier code of its name. */
  put(code: NewCode): Promise<void>;
  /**
   * Throws `invalid_identify_code` unless this is the live code of the name. Every wrong guess counts, however many are
   * concurrent.
   */
  check(username: string, codeHash: string): Promise<void>;
  /**
   * Uses up the code durably. Of several concurrent calls one succeeds, and the others throw `invalid_identify_code`.
   */
  redeem(username: string, codeHash: string): Promise<void>;
}

export interface Secrets {
  /** Returns the secret of this name that all processes share, durably. It becomes `proposed` if there is none yet. */
  agree(name: string, proposed: string): Promise<string>;
}

/** Count in the current window of time, and the time until the window ends. */
export interface RateCount {
  readonly count: number;
  readonly resetsInMs: number;
}

/**
 * Counters that all processes with the same data share. They never throw: while the store is down or slow, each process
 * counts by itself. A key is not secret, and must not hold a name in clear text.
 */
export interface RateCounters {
  /** Adds one to the count. The first one begins a window. */
  add(key: string, windowSeconds: number): Promise<RateCount>;
  count(key: string): Promise<RateCount>;
  /** Begins a window with a count of one, whether or not there is one. */
  renew(key: string, windowSeconds: number): Promise<void>;
  /** Ends the current window. */
  forget(key: string): Promise<void>;
}

/**
 * Callback for a stale read, called before its answer: acknowledged writes may be missing from it. An engine makes
 * such a read only while it cannot know the newest value, the operator has allowed it, and the caller passes this.
 */
export type OnStale = () => void;

/**
 * Callback with the account and the length of a value, before its answer. If it returns an error, the answer is that
 * error: too many large answers wait for their clients.
 */
export type OnValue = (userId: string, length: number) => KeybinError | undefined;

/** Keys of an account, in code-unit order, page by page. */
export interface KeyList {
  /** User id of the account. */
  readonly userId: string;
  readonly first: readonly string[];
  /**
   * Returns the pages after the first one, if there are any. Throws half-way `invalid_token` if the token was revoked
   * since, or `unavailable`.
   */
  readonly more?: AsyncGenerator<readonly string[], void, undefined>;
}

export interface KeyListOptions {
  /** Aborts when the list has no reader. Then no more of it is read, and its memory is free. */
  readonly signal: AbortSignal;
  readonly onStale?: OnStale;
}

/**
 * Entries of the account to which the token belongs. Each method throws `invalid_token`, checked in the same step.
 * `request` is the id of the request that a write comes from, for the log of the worker that applies it.
 */
export interface Entries {
  /** Returns the value as JSON text. Throws `key_not_found`. */
  get(token: string, key: string, onStale?: OnStale, onValue?: OnValue): Promise<string>;
  /**
   * Lists all keys: every one that is there throughout, and every one whose write was acknowledged before. Resolves
   * with the first page.
   */
  keys(token: string, options: KeyListOptions): Promise<KeyList>;
  /** Stores `json`, a value as JSON text, durably. */
  put(token: string, key: string, json: string, request?: string): Promise<void>;
  /** Deletes the entry. Throws `key_not_found`. */
  delete(token: string, key: string, request?: string): Promise<void>;
}

export interface Post {
  /** 24 hex digits (`post-id.ts`). A post that was begun after another one was acknowledged has the larger id. */
  readonly id: string;
  /** User id of the author. */
  readonly userId: string;
  /** Content as JSON text. */
  readonly json: string;
}

export interface PostPage {
  /**
   * Posts, newest first. A page with much content may have fewer than `limit` posts, but at least one if any is left.
   */
  readonly posts: readonly Post[];
  /** True if there are older ones. */
  readonly more: boolean;
}

/** Request for a page of posts or files, newest first. */
export interface PageRequest {
  /** Most posts of the page, at least 1. */
  readonly limit: number;
  /** Id of a post or file, which need not exist. The page has only older ones. */
  readonly after?: string | undefined;
}

/**
 * Posts of the account to which the token belongs. Each method throws `invalid_token`. Methods for one post also throw
 * `post_not_found`, and `forbidden` for the id of another account's post.
 */
export interface Posts {
  /** Stores `json`, a content as JSON text, durably. Returns its id. */
  create(token: string, json: string, request?: string): Promise<string>;
  get(token: string, id: string): Promise<Post>;
  /**
   * Returns a page of posts. To read all pages, pass the id of the last post of a page as the next `after`. Each post
   * that exists throughout is then on exactly one page.
   */
  list(token: string, page: PageRequest): Promise<PostPage>;
  delete(token: string, id: string, request?: string): Promise<void>;
}

export interface StoredFile extends FileLabel {
  /** 24 hex digits (`file-id.ts`). They begin with the time at which the upload began. */
  readonly id: string;
  /** Length in bytes. */
  readonly length: number;
  /** SHA-256 of the bytes, hexadecimal. */
  readonly sha256: string;
}

export interface NewFile extends FileLabel {
  /** Upper bound of the file's length, if known. Room for it is checked before its first byte. */
  readonly atMostBytes?: number | undefined;
}

/**
 * Upload of a file, which can be read only after `finish`. A lease keeps it: an unfinished upload leaves nothing
 * behind, even if its process crashes. A method that throws has ended the upload.
 */
export interface Upload {
  /**
   * Resolves when the next bytes may be given. The caller must wait for that. Throws `file_too_large`, `account_full`,
   * or `invalid_token` if the account is gone.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when the file is durable and can be read. Throws the same errors as `write`. */
  finish(): Promise<StoredFile>;
  /** Ends the upload, unless it has ended. Does not wait long for a store that hangs. Never throws. */
  abort(): Promise<void>;
}

/** Bytes of a file from `start` up to, but not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface OpenFile {
  /** User id of the account. */
  readonly userId: string;
  readonly file: StoredFile;
  /**
   * Returns the bytes in pieces. Throws half-way, with any error, if the account or the file is deleted or the store
   * goes down.
   */
  read(range: ByteRange): AsyncIterable<Uint8Array>;
}

export interface FilePage {
  /** Files, newest first. */
  readonly files: readonly StoredFile[];
  /** True if there are older ones. */
  readonly more: boolean;
}

/**
 * Files of the account to which the token belongs. Each method throws `invalid_token`. Methods for one file also throw
 * `file_not_found`, and `forbidden` for another account's file.
 */
export interface Files {
  /** Begins an upload. Throws `account_full`. */
  begin(token: string, file: NewFile): Promise<Upload>;
  open(token: string, id: string): Promise<OpenFile>;
  list(token: string, page: PageRequest): Promise<FilePage>;
  /** Deletes the file. It can no longer be read; its bytes are removed in the background. */
  delete(token: string, id: string): Promise<void>;
}

export interface Engine {
  /** `embedded` or `scale-out`, for messages only. Nothing may depend on it. */
  readonly name: string;
  /** Location of the data, without credentials, for the line printed at start. */
  readonly location: string;
  readonly accounts: Accounts;
  readonly tokens: Tokens;
  readonly entries: Entries;
  readonly posts: Posts;
  readonly files: Files;
  readonly identifyCodes: IdentifyCodes;
  readonly secrets: Secrets;
  readonly rateCounters: RateCounters;
  /** Checks everything that the engine depends on, within 2 s. Never throws. */
  health(): Promise<Health>;
  /**
   * Returns the pending writes by partition. Missing on an engine that applies a write before it acknowledges it.
   * Throws `unavailable`.
   */
  backlog?(): Promise<PartitionStatus[]>;
  /** Stops new writes, and resolves when no write is in flight: for a process that exits at once. */
  halt?(): Promise<void>;
  /** Waits for work in flight, then closes everything. May be called twice. */
  close(): Promise<void>;
}
