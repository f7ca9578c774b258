import { ObjectId, type Filter } from 'mongodb';
import { quotaBytesOf } from '../../../uploads/upload-quota.js';
import type { FileDigest } from '../../../uploads/leased-upload.js';
import type { StoredFile } from '../../../ports/engine.js';
import { fileLabel, type FileLabel } from '../../../ports/file-label.js';
import type { Database } from '../mongodb/database.js';
import type { FileDocument } from '../mongodb/documents.js';
import { isDuplicateError, orStorageFull } from '../mongodb/errors.js';
import { orUnavailable } from '../../../errors.js';

/** Size of a chunk: small enough for one command, large enough that a file needs few of them. */
export const chunkBytes = 512 * 1024;

export interface NewUpload extends FileLabel {
  readonly userId: string;
  readonly id: string;
  readonly roomBytes: number;
  /** End of the lease. */
  readonly until: Date;
}

/** Parts of a document that the sweeper needs. */
export type DueFile = Pick<FileDocument, '_id' | 'metadata'>;

/**
 * Documents of files in MongoDB. One document is first an upload, then a file, then a removed file. So each step is one
 * atomic update:
 *
 *     uploading --finish--> stored --remove--> removed --passes of the worker--> none
 *         └──remove, or lapse when its lease is over──▶ removed
 *     none --import--> stored
 *
 * All methods throw `unavailable`, after which a write may or may not be done. Times are Redis's.
 */
export class FileDocuments {
  constructor(private readonly database: Pick<Database, 'files' | 'users' | 'bounded' | 'decisive' | 'times'>) {}

  async insert({ userId, id, name, contentType, roomBytes, until }: NewUpload): Promise<void> {
    const state = { state: 'uploading', room: roomBytes, due_at: until } as const;
    const metadata = { user_id: userId, ...state, ...(contentType && { content_type: contentType }) };
    const document: FileDocument = { _id: new ObjectId(id), filename: name, chunkSize: chunkBytes, metadata };
    await orStorageFull(this.database.files.insertOne(document, this.database.bounded));
  }

  /** Inserts a file whose chunks are all there. Does nothing if a document has its id. */
  async insertStored(userId: string, file: StoredFile, now: Date): Promise<void> {
    const { id, name, contentType, length, sha256 } = file;
    const state = { state: 'stored', room: quotaBytesOf(length), sha256 } as const;
    const metadata = { user_id: userId, ...state, ...(contentType && { content_type: contentType }) };
    const content = { filename: name, chunkSize: chunkBytes, length, uploadDate: now };
    const inserted = this.database.files
      .insertOne({ _id: new ObjectId(id), ...content, metadata })
      .catch(unlessDuplicate);
    await orStorageFull(inserted);
  }

  /** Prolongs the lease of an upload and sets its reserved bytes. Resolves with false if it is no longer an upload. */
  async hold(id: string, roomBytes: number, until: Date): Promise<boolean> {
    return this.#change(id, 'uploading', { $set: { 'metadata.room': roomBytes, 'metadata.due_at': until } });
  }

  /** Turns an upload into a file. Resolves with false if it is no longer an upload. */
  async finish(id: string, { length, sha256 }: FileDigest, roomBytes: number, now: Date): Promise<boolean> {
    const metadata = { 'metadata.state': 'stored', 'metadata.room': roomBytes, 'metadata.sha256': sha256 } as const;
    const $set = { length, uploadDate: now, ...metadata };
    return this.#change(id, 'uploading', { $set, $unset: { 'metadata.due_at': '' } });
  }

  /**
   * Marks a file or an upload for removal by the worker. Unless all chunks have come (`haveAllCome`), the worker
   * repeats the removal for `erasureMs`, for chunks that come late. Resolves with false if the document is not in this
   * state.
   */
  async remove(id: string, state: 'uploading' | 'stored', now: Date, haveAllCome: boolean): Promise<boolean> {
    const $set = {
      'metadata.state': 'removed',
      'metadata.room': 0,
      'metadata.due_at': now,
      'metadata.passes': 0,
      'metadata.ends_at': haveAllCome ? now : new Date(now.getTime() + this.database.times.erasureMs),
    } as const;
    return this.#change(id, state, { $set });
  }

  /** Resolves with the bytes that all files and uploads of an account reserve together. */
  async roomOf(userId: string): Promise<number> {
    const sum = [
      { $match: { 'metadata.user_id': userId } },
      { $group: { _id: null, room: { $sum: '$metadata.room' } } },
    ];
    const [total] = await orUnavailable(
      this.database.files.aggregate<{ room: number }>(sum, this.database.bounded).toArray(),
    );
    return total?.room ?? 0;
  }

  /** Finds a file of any account. */
  async find(id: string): Promise<{ readonly userId: string; readonly file: StoredFile } | undefined> {
    const found = await orUnavailable(
      this.database.files.findOne({ _id: new ObjectId(id), 'metadata.state': 'stored' }, this.database.bounded),
    );
    return found ? { userId: found.metadata.user_id, file: fileOf(found) } : undefined;
  }

  /** Lists the files of an account that are older than the one with the id `after`, newest first. */
  async list(userId: string, after: string | undefined, limit: number): Promise<StoredFile[]> {
    const older: Filter<FileDocument> = after === undefined ? {} : { _id: { $lt: new ObjectId(after) } };
    const filter = { 'metadata.user_id': userId, 'metadata.state': 'stored', ...older } as const;
    const found = this.database.files.find(filter, { ...this.database.bounded, batchSize: limit + 1 });
    return (await orUnavailable(found.sort({ _id: -1 }).limit(limit).toArray())).map(fileOf);
  }

  /** Resolves with true if the account exists. */
  async userExists(userId: string): Promise<boolean> {
    const options = { ...this.database.decisive, projection: { _id: 1 } };
    return (await orUnavailable(this.database.users.findOne({ user_id: userId }, options))) !== null;
  }

  /** Lists uploads with an expired lease and removed files with a due pass, the longest overdue first. */
  due(now: Date, limit: number): Promise<DueFile[]> {
    const options = { ...this.database.bounded, projection: { metadata: 1 } };
    const found = this.database.files.find({ 'metadata.due_at': { $lte: now } }, options);
    return orUnavailable(found.sort({ 'metadata.due_at': 1 }).limit(limit).toArray());
  }

  /** Marks an upload for removal if its lease has expired at `now`. */
  async lapse(id: ObjectId, now: Date): Promise<void> {
    const filter: Filter<FileDocument> = { _id: id, 'metadata.state': 'uploading', 'metadata.due_at': { $lte: now } };
    const ends_at = new Date(now.getTime() + this.database.times.erasureMs);
    const $set = {
      'metadata.state': 'removed',
      'metadata.room': 0,
      'metadata.passes': 0,
      'metadata.ends_at': ends_at,
    } as const;
    await orUnavailable(this.database.files.updateOne(filter, { $set }, this.database.bounded));
  }

  /** Counts one more pass over a removed file and sets the time of the next. */
  async passed(id: ObjectId, nextDueAt: Date): Promise<void> {
    const update = { $set: { 'metadata.due_at': nextDueAt }, $inc: { 'metadata.passes': 1 } };
    await orUnavailable(this.database.files.updateOne({ _id: id }, update, this.database.bounded));
  }

  /** Deletes the document, after the last pass. */
  async forget(id: ObjectId): Promise<void> {
    await orUnavailable(this.database.files.deleteOne({ _id: id }, this.database.bounded));
  }

  async #change(id: string, state: FileDocument['metadata']['state'], update: object): Promise<boolean> {
    const filter = { _id: new ObjectId(id), 'metadata.state': state };
    const { matchedCount } = await orStorageFull(this.database.files.updateOne(filter, update, this.database.bounded));
    return matchedCount === 1;
  }
}

function unlessDuplicate(error: unknown): void {
  if (!isDuplicateError(error)) throw error;
}

/** Returns the file that a document describes. */
export const fileOf = ({ _id, filename, length = 0, metadata }: FileDocument): StoredFile => ({
  id: _id.toHexString(),
  ...fileLabel(filename, metadata.content_type),
  length,
  sha256: metadata.sha256 ?? '',
});
