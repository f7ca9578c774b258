import type { Redis } from 'ioredis';
import { anyPartitionPrefix, epochKey, partitionOf, partitionPrefix, pendingKey, keysLike } from '../redis/keys.js';
import { newEpoch, storePartitions } from './partitions.js';
import type { PartitionedConnections } from '../redis/partitioned-redis.js';
import { storeIdOf, type NamedStore } from './store-id.js';

/**
 * Has the store take the place of those whose queue this is: it claims each partition that there is or has ever been, and stores how
 * many there are. Processes of the others settle nothing from then on, and stop using this Redis when they look at the claim again.
 * No token record of theirs counts any more: whose token it is is in MongoDB. May be repeated after a break. Answers `own` if the queue
 * was this store's.
 *
 * Throws an `Error` of one line if entries are pending in partitions of another number than there are: nobody would find them.
 */
export async function adoptQueue(database: NamedStore, redis: PartitionedConnections): Promise<'adopted' | 'own'> {
  await expectEntriesInPlace(redis);
  await storePartitions(database.settings, redis.partitions);
  const storeId = await storeIdOf(database);
  let outcome: 'adopted' | 'own' = 'own';
  const takeOver = async (client: Redis, epoch: string) => {
    if ((await client.hget(epoch, 'store')) === storeId) return;
    await client.hset(epoch, { store: storeId, ...newEpoch() });
    outcome = 'adopted';
  };
  for (const server of await redis.servers()) {
    for await (const epoch of keysLike(server, epochKey(anyPartitionPrefix))) await takeOver(server, epoch);
  }
  for (let partition = 0; partition < redis.partitions; partition++) {
    await takeOver(redis.connectionOf(partition).client, epochKey(partitionPrefix(partition)));
  }
  return outcome;
}

/** Each entry that is pending tells by its key in which partition it is, and of which account. */
async function expectEntriesInPlace(redis: PartitionedConnections): Promise<void> {
  for (const server of await redis.servers()) {
    for await (const key of keysLike(server, pendingKey(anyPartitionPrefix, '*'))) {
      const [, partition, userId = ''] = /^\{kb:(\d+)\}:pending:(.*)$/s.exec(key) ?? [];
      if (Number(partition) === partitionOf(userId, redis.partitions)) continue;
      throw new Error(
        `[QUEUE] partitions is ${redis.partitions}, but Redis has writes that were answered with another number of partitions: set that one`,
      );
    }
  }
}
