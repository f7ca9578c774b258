import { ObjectId, type Filter } from 'mongodb';
import { quotaBytesOf } from '../../../uploads/upload-quota.js';
import type { FileDigest } from '../../../uploads/leased-upload.js';
import type { StoredFile } from '../../../ports/engine.js';
import type { Database } from '../mongodb/database.js';
import type { FileDocument } from '../mongodb/documents.js';
import { isDuplicateError, orStorageFull, orUnavailable } from '../mongodb/errors.js';

/** Small enough for a command, large enough for few of them. */
export const chunkBytes = 512 * 1024;

export interface NewUpload {
  readonly userId: string;
  readonly id: string;
  readonly name: string;
  readonly roomBytes: number;
  /** When the lease runs out. */
  readonly until: Date;
}

/** What the sweeper needs of a document. */
export type DueFile = Pick<FileDocument, '_id' | 'metadata'>;

/**
 * The documents of files in MongoDB. One document is an upload, then a file, then what is left to be removed, so that each step is one
 * atomic update:
 *
 *     uploading --finish--> stored --remove--> removed --passes of the worker--> none
 *         └──remove, or lapse when its lease is over──▶ removed
 *     none --import--> stored
 *
 * All throw `unavailable`, after which a write may have been done or not. Times are Redis's.
 */
export class FileDocuments {
  constructor(private readonly database: Pick<Database, 'files' | 'users' | 'bounded' | 'times'>) {}

  async insert({ userId, id, name, roomBytes, until }: NewUpload): Promise<void> {
    const metadata = { user_id: userId, state: 'uploading', room: roomBytes, due_at: until } as const;
    const document: FileDocument = { _id: new ObjectId(id), filename: name, chunkSize: chunkBytes, metadata };
    await orStorageFull(this.database.files.insertOne(document, this.database.bounded));
  }

  /** Inserts a file all of whose chunks are there, unless there is a document with its id. */
  async insertStored(userId: string, { id, name, length, sha256 }: StoredFile, now: Date): Promise<void> {
    const metadata = { user_id: userId, state: 'stored', room: quotaBytesOf(length), sha256 } as const;
    const content = { filename: name, chunkSize: chunkBytes, length, uploadDate: now };
    const inserted = this.database.files
      .insertOne({ _id: new ObjectId(id), ...content, metadata })
      .catch(unlessDuplicate);
    await orStorageFull(inserted);
  }

  /** Prolongs the lease of an upload and notes its room; `false`: it is an upload no more. */
  async hold(id: string, roomBytes: number, until: Date): Promise<boolean> {
    return this.#change(id, 'uploading', { $set: { 'metadata.room': roomBytes, 'metadata.due_at': until } });
  }

  /** Makes an upload a file; `false`: it is an upload no more. */
  async finish(id: string, { length, sha256 }: FileDigest, roomBytes: number, now: Date): Promise<boolean> {
    const metadata = { 'metadata.state': 'stored', 'metadata.room': roomBytes, 'metadata.sha256': sha256 } as const;
    const $set = { length, uploadDate: now, ...metadata };
    return this.#change(id, 'uploading', { $set, $unset: { 'metadata.due_at': '' } });
  }

  /**
   * Leaves it to the worker to remove a file or an upload, the chunks that come late included if `now` is not when all have come.
   * `false`: it is not in this state.
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

  /** What the files and uploads of an account have room for, all together. */
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

  /** Of whatever account. */
  async find(id: string): Promise<{ readonly userId: string; readonly file: StoredFile } | undefined> {
    const found = await orUnavailable(
      this.database.files.findOne({ _id: new ObjectId(id), 'metadata.state': 'stored' }, this.database.bounded),
    );
    return found ? { userId: found.metadata.user_id, file: fileOf(found) } : undefined;
  }

  /** The files of an account that are older than the one with the id `after`, newest first. */
  async list(userId: string, after: string | undefined, limit: number): Promise<StoredFile[]> {
    const older: Filter<FileDocument> = after === undefined ? {} : { _id: { $lt: new ObjectId(after) } };
    const filter = { 'metadata.user_id': userId, 'metadata.state': 'stored', ...older } as const;
    const found = this.database.files.find(filter, { ...this.database.bounded, batchSize: limit + 1 });
    return (await orUnavailable(found.sort({ _id: -1 }).limit(limit).toArray())).map(fileOf);
  }

  /** Whether the account is there. */
  async userExists(userId: string): Promise<boolean> {
    const options = { ...this.database.bounded, projection: { _id: 1 } };
    return (await orUnavailable(this.database.users.findOne({ user_id: userId }, options))) !== null;
  }

  /** Uploads whose lease is over and removed files whose next pass is due, the longest waiting first. */
  due(now: Date, limit: number): Promise<DueFile[]> {
    const options = { ...this.database.bounded, projection: { metadata: 1 } };
    const found = this.database.files.find({ 'metadata.due_at': { $lte: now } }, options);
    return orUnavailable(found.sort({ 'metadata.due_at': 1 }).limit(limit).toArray());
  }

  /** Has an upload removed whose lease is over at `now`, unless it was prolonged. */
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

  /** Notes one more pass over a removed file. */
  async passed(id: ObjectId, nextDueAt: Date): Promise<void> {
    const update = { $set: { 'metadata.due_at': nextDueAt }, $inc: { 'metadata.passes': 1 } };
    await orUnavailable(this.database.files.updateOne({ _id: id }, update, this.database.bounded));
  }

  /** After the last pass. */
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

/** The file that a document tells of. */
export const fileOf = ({ _id, filename, length = 0, metadata }: FileDocument): StoredFile => ({
  id: _id.toHexString(),
  name: filename,
  length,
  sha256: metadata.sha256 ?? '',
});
