import type { Collection, CommandOperationOptions } from 'mongodb';
import { orUnavailable, unavailable } from '../../../errors.js';
import type { CounterDocument } from '../mongodb/documents.js';
import type { EpochNumbers } from '../redis/redis-connection.js';
import { retryDuplicateOnce } from '../mongodb/errors.js';

/** Id of the counter that holds the number of the last epoch of any partition. */
const epochCounterId = 'epochs';

/**
 * Numbers of epochs. They come from MongoDB, because a Redis that has lost data has also lost how far they went. All
 * methods throw `unavailable`.
 */
export class MongoEpochNumbers implements EpochNumbers {
  constructor(
    private readonly counters: Collection<CounterDocument>,
    private readonly bounds: Pick<CommandOperationOptions, 'maxTimeMS'>,
  ) {}

  /** Takes a number above all before, and above `present`, the one that a Redis has. */
  async next(present: number): Promise<number> {
    await this.raiseTo(present);
    const options = { ...this.bounds, returnDocument: 'after' } as const;
    const taken = this.counters.findOneAndUpdate({ _id: epochCounterId }, { $inc: { last: 1 } }, options);
    const counter = await orUnavailable(taken);
    if (!counter) throw unavailable(new Error('the counter of epochs is missing'));
    return counter.last;
  }

  /** Makes later numbers larger than `present`: MongoDB may be a copy that is older than Redis. */
  async raiseTo(present: number): Promise<void> {
    const options = { ...this.bounds, upsert: true };
    await retryDuplicateOnce(() =>
      this.counters.updateOne({ _id: epochCounterId }, { $max: { last: present } }, options),
    );
  }
}
