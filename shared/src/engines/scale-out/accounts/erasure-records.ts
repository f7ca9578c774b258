import type { Database } from '../mongodb/database.js';
import type { ErasureDocument } from '../mongodb/documents.js';
import { retryDuplicateOnce } from '../mongodb/errors.js';
import { orUnavailable } from '../../../errors.js';

/**
 * Erasure records in MongoDB, one for each account whose erasure is not over. From a record, workers finish a deletion
 * that a crash interrupted. They also repeat the erasure, in case a late write brings data back. All methods throw
 * `unavailable`.
 */
export class ErasureRecords {
  constructor(private readonly database: Pick<Database, 'erasures' | 'bounded' | 'decisive' | 'times'>) {}

  /** Records that the account is to be erased. An existing record stays as it is. */
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

  /** Resolves with true if the account has a record: it is to be erased, or being erased. */
  async has(userId: string): Promise<boolean> {
    return (await orUnavailable(this.database.erasures.findOne({ _id: userId }, this.database.decisive))) !== null;
  }

  /** Lists the records whose next pass is due, the longest overdue first. */
  due(now: Date, limit: number): Promise<ErasureDocument[]> {
    const found = this.database.erasures.find({ due_at: { $lte: now } }, this.database.bounded);
    return orUnavailable(found.sort({ due_at: 1 }).limit(limit).toArray());
  }

  /** Counts one more pass and sets the time of the next. */
  async passed(userId: string, nextDueAt: Date): Promise<void> {
    const update = { $set: { due_at: nextDueAt }, $inc: { passes: 1 } };
    await orUnavailable(this.database.erasures.updateOne({ _id: userId }, update, this.database.bounded));
  }

  /** Deletes the record, after the last pass. */
  async remove(userId: string): Promise<void> {
    await orUnavailable(this.database.erasures.deleteOne({ _id: userId }, this.database.bounded));
  }
}
