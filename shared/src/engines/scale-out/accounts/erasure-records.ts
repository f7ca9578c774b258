import type { Database } from '../mongodb/database.js';
import type { ErasureDocument } from '../mongodb/documents.js';
import { orUnavailable, retryDuplicateOnce } from '../mongodb/errors.js';

/**
 * The accounts whose erasure is not over, in MongoDB: what an unregister that died half-way had begun, and what has to be
 * erased again in case a late write brings something back. All throw `unavailable`.
 */
export class ErasureRecords {
  constructor(private readonly database: Pick<Database, 'erasures' | 'bounded' | 'times'>) {}

  /** Notes that the account is to be erased; a record that is there already stays as it is. */
  async put(userId: string, now: Date, nameHash?: string): Promise<void> {
    const fresh = {
      ...(nameHash !== undefined && { name_hash: nameHash }),
      erased_at: now,
      due_at: now,
      passes: 0,
      ends_at: new Date(now.getTime() + this.database.times.erasureMs),
    };
    const options = { ...this.database.bounded, upsert: true };
    await retryDuplicateOnce(() => this.database.erasures.updateOne({ _id: userId }, { $setOnInsert: fresh }, options));
  }

  /** Whether the account is to be erased, or being erased. */
  async has(userId: string): Promise<boolean> {
    return (await orUnavailable(this.database.erasures.countDocuments({ _id: userId }, this.database.bounded))) > 0;
  }

  /** Those whose next pass is due, the longest waiting first. */
  due(now: Date, limit: number): Promise<ErasureDocument[]> {
    const found = this.database.erasures.find({ due_at: { $lte: now } }, this.database.bounded);
    return orUnavailable(found.sort({ due_at: 1 }).limit(limit).toArray());
  }

  /** Notes one more pass. */
  async passed(userId: string, nextDueAt: Date): Promise<void> {
    const update = { $set: { due_at: nextDueAt }, $inc: { passes: 1 } };
    await orUnavailable(this.database.erasures.updateOne({ _id: userId }, update, this.database.bounded));
  }

  /** After the last pass. */
  async remove(userId: string): Promise<void> {
    await orUnavailable(this.database.erasures.deleteOne({ _id: userId }, this.database.bounded));
  }
}
