import type { Config } from '../../../config/config.js';
import { maskCredentials } from '../../../config/url-kinds.js';
import type { Log } from '../../../process/log.js';
import type { StoreReader } from '../../../ports/operations.js';
import { accountOf } from '../accounts/accounts.js';
import { connectDatabase, type Database } from '../mongodb/database.js';
import type { UserDocument } from '../mongodb/documents.js';
import { leftoversIn } from './leftovers.js';
import { exportRecords } from './export.js';
import { openOperatorRedis } from '../redis/operator-redis.js';
import { expectPartitions } from '../ownership/partitions.js';
import { existingQueueIdOf, noQueue } from '../ownership/queue-id.js';
import type { PartitionedConnections } from '../redis/partitioned-redis.js';
import { orUnavailable } from '../../../errors.js';

const accountsPerPage = 1_000;

/** Connects to MongoDB and Redis for reading. Throws an `Error` of one line if one of them cannot be reached. */
export async function openScaleOutStoreReader(config: Config, log: Log): Promise<StoreReader> {
  const database = await connectDatabase(config, config.times.bulkOperationMs);
  let redis: PartitionedConnections;
  try {
    await expectPartitions(database.settings, config.queue.partitions);
    redis = await openOperatorRedis(config, log, { queueId: (await existingQueueIdOf(database)) ?? noQueue });
  } catch (error) {
    await database.close();
    throw error;
  }
  return {
    location: `${maskCredentials(config.store.host)} ${config.store.database}`,
    async size() {
      const { users: all, store, files } = database;
      const counts = [all, store, files].map((each) => orUnavailable(each.estimatedDocumentCount()));
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    },
    records: () => exportRecords({ database, redis }),
    async *accounts() {
      for await (const page of users(database)) yield* page.map(accountOf);
    },
    damagedParts: async () => [],
    leftovers: (username) => leftoversIn({ database, redis }, username),
    async close() {
      redis.close();
      await database.close();
    },
  };
}

/** Yields pages of user documents, ordered by user id. Includes every document that exists throughout. */
export async function* users(
  { users: collection }: Pick<Database, 'users'>,
  after = '',
): AsyncGenerator<UserDocument[], void, undefined> {
  for (;;) {
    const found = collection.find({ user_id: { $gt: after } }).sort({ user_id: 1 });
    const page = await orUnavailable(found.limit(accountsPerPage).toArray());
    yield page;
    const last = page.at(-1);
    if (!last || page.length < accountsPerPage) return;
    after = last.user_id;
  }
}
