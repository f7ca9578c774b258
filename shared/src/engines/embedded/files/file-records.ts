import { accountFull, fileNotFound, forbidden, invalidToken, KeybinError, unavailable } from '../../../errors.js';
import { isFileId } from '../../../ids/file-id.js';
import { grantUploadQuota, quotaBytesOf, type UploadQuota } from '../../../uploads/upload-quota.js';
import type { StoredFile } from '../../../ports/engine.js';
import type { Databases } from '../lmdb/databases.js';
import { nameIn, rangeBefore, rangeOfRecords, recordKey } from '../lmdb/records.js';

/** Account and id of a file or an upload. */
export interface FileNames {
  /** Number of its account. */
  readonly number: string;
  readonly id: string;
}

/** An upload in flight. */
interface UploadRecord {
  /** Number of its account. */
  readonly number: string;
  /** Bytes reserved for it. */
  readonly heldBytes: number;
  /** End of the lease, in ms since 1970. */
  readonly untilMs: number;
}

const parseUpload = (json: string) => JSON.parse(json) as UploadRecord; // written here

/** Parses the record of a file. */
export const parseFile = (id: string, json: string): StoredFile => ({
  id,
  ...(JSON.parse(json) as Omit<StoredFile, 'id'>), // written here
});

/**
 * Records of files in LMDB. Every method runs inside a transaction or a read. The directory has bytes of a file only
 * while `fileOwners` has its id. Any other bytes there are orphans.
 *
 *     none --begin--> uploads --finish--> files --delete, erasure--> unlinking --bytes are gone--> none
 *                       └──remove, lease over, account gone──▶ unlinking, or none
 */
export class FileRecords {
  constructor(
    private readonly databases: Databases,
    private readonly roomBytes: number,
    private readonly leaseMs: number,
  ) {}

  /** Begins an upload of the account. Returns the bytes reserved for it, or `account_full`. */
  begin({ number, id }: FileNames, room: UploadQuota, nowMs: number): number | KeybinError {
    const heldBytes = this.#grant(number, room, 0);
    if (heldBytes === undefined) return accountFull(this.roomBytes);
    void this.databases.fileOwners.put(id, number);
    this.#putUpload(id, { number, heldBytes, untilMs: nowMs + this.leaseMs });
    this.#addRoom(number, heldBytes);
    return heldBytes;
  }

  /** Prolongs the lease. Returns the bytes that are reserved now, or an error. */
  hold({ number, id }: FileNames, room: UploadQuota, nowMs: number): number | KeybinError {
    const upload = this.#upload(number, id);
    if (upload instanceof KeybinError) return upload;
    const heldBytes = this.#grant(number, room, upload.heldBytes);
    if (heldBytes === undefined) return accountFull(this.roomBytes);
    this.#putUpload(id, { number, heldBytes, untilMs: nowMs + this.leaseMs });
    this.#addRoom(number, heldBytes - upload.heldBytes);
    return heldBytes;
  }

  finish(number: string, { id, ...details }: StoredFile): StoredFile | KeybinError {
    const upload = this.#upload(number, id);
    if (upload instanceof KeybinError) return upload;
    void this.databases.uploads.remove(id);
    void this.databases.files.put(recordKey(number, id), JSON.stringify(details));
    this.#addRoom(number, quotaBytesOf(details.length) - upload.heldBytes);
    return { id, ...details };
  }

  isFinished({ number, id }: FileNames): boolean {
    return this.databases.files.doesExist(recordKey(number, id));
  }

  /** Forgets an unfinished upload whose bytes are gone. */
  forget(id: string): void {
    this.#endUpload(id);
    this.forgetUnlinked([id]);
  }

  /** Returns a file of the account with this number, `forbidden` if another account has it, or `file_not_found`. */
  find(number: string, id: string): StoredFile | KeybinError {
    const { files, fileOwners } = this.databases;
    const json = isFileId(id) ? files.get(recordKey(number, id)) : undefined;
    if (json !== undefined) return parseFile(id, json);
    const owner = isFileId(id) ? fileOwners.get(id) : undefined;
    const isAnothers = owner !== undefined && owner !== number && files.doesExist(recordKey(owner, id));
    return isAnothers ? forbidden() : fileNotFound(id);
  }

  /** Like `find`, but returns `invalid_token` once the account is gone: its records stay a moment longer. */
  findLive(number: string, id: string): StoredFile | KeybinError {
    return this.databases.numbers.get(number) === undefined ? invalidToken() : this.find(number, id);
  }

  /** Returns at most `limit` files older than `after`, newest first. */
  list(number: string, after: string, limit: number): StoredFile[] {
    const found = this.databases.files.getRange({ ...rangeBefore(number, after), limit });
    return Array.from(found, ({ key, value }) => parseFile(nameIn(key), value));
  }

  delete(number: string, id: string): undefined | KeybinError {
    const file = this.find(number, id);
    if (file instanceof KeybinError) return file;
    void this.databases.files.remove(recordKey(number, id));
    void this.databases.unlinking.put(id, '');
    this.#addRoom(number, -quotaBytesOf(file.length));
    return undefined;
  }

  /** Ends uploads whose lease has expired or whose account is gone. */
  lapse(nowMs: number): void {
    const { uploads, numbers } = this.databases;
    const isOver = ({ untilMs, number }: UploadRecord) => untilMs <= nowMs || numbers.get(number) === undefined;
    const over = [...uploads.getRange()].filter(({ value }) => isOver(parseUpload(value)));
    for (const { key } of over) this.#endUpload(key);
  }

  /** Returns ids of files whose bytes are to be removed: at most `limit`, those after the id `after`. */
  toUnlink(after: string, limit: number): string[] {
    return [...this.databases.unlinking.getKeys({ start: after, exclusiveStart: true, limit })];
  }

  /**
   * Marks at most `limit` files of an erased account for removal, and forgets its reserved bytes. Returns the number of
   * files.
   */
  erase(number: string, limit: number): number {
    const { files, unlinking, fileRoom } = this.databases;
    const keys = [...files.getKeys({ ...rangeOfRecords(number), limit })];
    for (const key of keys) {
      void files.remove(key);
      void unlinking.put(nameIn(key), '');
    }
    void fileRoom.remove(number);
    return keys.length;
  }

  /** Forgets files whose bytes are gone. */
  forgetUnlinked(ids: readonly string[]): void {
    for (const id of ids) {
      void this.databases.unlinking.remove(id);
      void this.databases.fileOwners.remove(id);
    }
  }

  isOwned(id: string): boolean {
    return this.databases.fileOwners.doesExist(id);
  }

  #upload(number: string, id: string): UploadRecord | KeybinError {
    const { uploads, numbers } = this.databases;
    if (numbers.get(number) === undefined) return invalidToken();
    const json = uploads.get(id);
    return json === undefined ? unavailable(new Error('the lease of the upload has expired')) : parseUpload(json);
  }

  #putUpload(id: string, record: UploadRecord): void {
    void this.databases.uploads.put(id, JSON.stringify(record));
  }

  #endUpload(id: string): void {
    const { uploads, unlinking } = this.databases;
    const json = uploads.get(id);
    if (json === undefined) return;
    const { number, heldBytes } = parseUpload(json);
    void uploads.remove(id);
    void unlinking.put(id, '');
    this.#addRoom(number, -heldBytes);
  }

  #grant(number: string, room: UploadQuota, heldBytes: number): number | undefined {
    return grantUploadQuota(room, this.roomBytes - Number(this.databases.fileRoom.get(number) ?? 0) + heldBytes);
  }

  /** Adds to the reserved bytes of an account. An erased account has none. */
  #addRoom(number: string, bytes: number): void {
    const { fileRoom, numbers } = this.databases;
    const taken = Number(fileRoom.get(number) ?? 0) + bytes;
    if (taken > 0 && numbers.get(number) !== undefined) void fileRoom.put(number, String(taken));
    else void fileRoom.remove(number);
  }
}
