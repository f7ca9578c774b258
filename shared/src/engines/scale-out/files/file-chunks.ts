import { Binary, ObjectId } from 'mongodb';
import pLimit from 'p-limit';
import { remainingMs, withDeadline } from '../../../deadline.js';
import { fileNotFound, unavailable } from '../../../errors.js';
import type { Database } from '../mongodb/database.js';
import { idsUnder, type ChunkDocument } from '../mongodb/documents.js';
import { orStorageFull, orUnavailable } from '../mongodb/errors.js';

/** Chunks of all uploads of this process that MongoDB is given at once: more would only wait, in memory and against the clock. */
const writesAtOnce = 4;

const chunkId = (userId: string, id: string, n: number) => `${userId}/${id}/${String(n).padStart(8, '0')}`;

/** The ids of all chunks of an account, or of one of its files. */
export const chunksOf = (userId: string, id?: string) => ({
  _id: idsUnder(id === undefined ? userId : `${userId}/${id}`),
});

/** The chunks of files in MongoDB. */
export class FileChunks {
  readonly #slots = pLimit(writesAtOnce);
  /** When MongoDB last took a chunk, in `performance.now()`'s time. */
  #takenMs = -Infinity;

  constructor(private readonly database: Pick<Database, 'chunks' | 'times'>) {}

  /**
   * Throws `storage_full`, or `unavailable`, after which the chunk may be there, or come late. It may wait its turn as long as MongoDB
   * goes on taking others.
   */
  insert(userId: string, id: string, n: number, bytes: Uint8Array): Promise<void> {
    const askedMs = performance.now();
    return this.#slots(async () => {
      const stillMs = performance.now() - Math.max(askedMs, this.#takenMs);
      const timeoutMs = Math.floor(this.database.times.mongoOperationMs - stillMs);
      if (timeoutMs <= 0) throw unavailable(new Error('MongoDB takes no chunk'));
      const inserted = this.database.chunks.insertOne(documentOf(userId, id, n, bytes), { maxTimeMS: timeoutMs });
      await orStorageFull(withDeadline(inserted, timeoutMs, 'writing a chunk'));
      this.#takenMs = performance.now();
    });
  }

  /** Puts a chunk, in the place of the one that may be there. Throws `storage_full` or `unavailable`. */
  async put(userId: string, id: string, n: number, bytes: Uint8Array): Promise<void> {
    const byId = { _id: chunkId(userId, id, n) };
    const put = this.database.chunks.replaceOne(byId, documentOf(userId, id, n, bytes), { upsert: true });
    await orStorageFull(put);
  }

  /** The bytes of chunk `n`. Throws `unavailable`, and `file_not_found` when it is not there: its file is gone. */
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
