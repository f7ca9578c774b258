import { Binary, ObjectId } from 'mongodb';
import pLimit from 'p-limit';
import { remainingMs, withDeadline } from '../../../deadline.js';
import { fileNotFound, unavailable, orUnavailable } from '../../../errors.js';
import type { Database } from '../mongodb/database.js';
import { idsUnder, type ChunkDocument } from '../mongodb/documents.js';
import { orStorageFull } from '../mongodb/errors.js';

/**
 * Maximum of chunks that this process writes at once, over all its uploads. More would only wait, in memory and against
 * the clock.
 */
const writesAtOnce = 4;

const chunkId = (userId: string, id: string, n: number) => `${userId}/${id}/${String(n).padStart(8, '0')}`;

/** Returns a filter for all chunks of an account, or of one of its files. */
export const chunksOf = (userId: string, id?: string) => ({
  _id: idsUnder(id === undefined ? userId : `${userId}/${id}`),
});

/** Chunks of files in MongoDB. */
export class FileChunks {
  readonly #slots = pLimit(writesAtOnce);
  /** Time at which MongoDB last took a chunk, in `performance.now()`'s time. */
  #takenMs = -Infinity;

  constructor(private readonly database: Pick<Database, 'chunks' | 'times'>) {}

  /**
   * Inserts a chunk. It may wait for its turn as long as MongoDB keeps taking others. Throws `storage_full` or
   * `unavailable`. After `unavailable`, the chunk may be there or arrive late.
   */
  insert(userId: string, id: string, n: number, bytes: Uint8Array): Promise<void> {
    const askedMs = performance.now();
    return this.#slots(async () => {
      const stillMs = performance.now() - Math.max(askedMs, this.#takenMs);
      const timeoutMs = Math.floor(this.database.times.mongoOperationMs - stillMs);
      if (timeoutMs <= 0) throw unavailable(new Error('MongoDB does not accept chunks'));
      const inserted = this.database.chunks.insertOne(documentOf(userId, id, n, bytes), { maxTimeMS: timeoutMs });
      await orStorageFull(withDeadline(inserted, timeoutMs, 'writing a chunk'));
      this.#takenMs = performance.now();
    });
  }

  /** Puts a chunk, and replaces the one that may be there. Throws `storage_full` or `unavailable`. */
  async put(userId: string, id: string, n: number, bytes: Uint8Array): Promise<void> {
    const byId = { _id: chunkId(userId, id, n) };
    const put = this.database.chunks.replaceOne(byId, documentOf(userId, id, n, bytes), { upsert: true });
    await orStorageFull(put);
  }

  /**
   * Resolves with the bytes of chunk `n`. Throws `unavailable`, or `file_not_found` if the chunk is missing because its
   * file was deleted.
   */
  async find(userId: string, id: string, n: number, deadlineMs: number): Promise<Uint8Array> {
    const found = this.database.chunks.findOne({ _id: chunkId(userId, id, n) }, { projection: { data: 1 } });
    const chunk = await orUnavailable(withDeadline(found, remainingMs(deadlineMs), 'reading a chunk'));
    if (!chunk) throw fileNotFound(id);
    return chunk.data.buffer.subarray(0, chunk.data.length());
  }
}

const documentOf = (userId: string, id: string, n: number, bytes: Uint8Array): ChunkDocument => ({
  _id: chunkId(userId, id, n),
  files_id: new ObjectId(id),
  n,
  data: new Binary(bytes),
});
