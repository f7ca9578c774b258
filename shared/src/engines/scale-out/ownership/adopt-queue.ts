import type { Redis } from 'ioredis';
import { anyPartitionPrefix, epochKey, partitionOf, partitionPrefix, pendingKey, keysLike } from '../redis/keys.js';
import { storePartitions } from './partitions.js';
import type { PartitionedConnections } from '../redis/partitioned-redis.js';
import { storeIdOf, type NamedStore } from './store-id.js';

/**
 * Takes over the queue from other stores. Returns `own` if this store already owned it. May be repeated after a break.
 *
 * Claims each partition that exists or ever existed, and stores the number of partitions. Processes of the other stores
 * settle nothing from then on. They stop using this Redis at their next look at the claim. Their token records no
 * longer count, so tokens are looked up in MongoDB.
 *
 * Throws an `Error` of one line if entries are pending under another number of partitions, because nobody would find
 * them.
 */
export async function adoptQueue(database: NamedStore, redis: PartitionedConnections): Promise<'adopted' | 'own'> {
  await expectEntriesInPlace(redis);
  await storePartitions(database.settings, redis.partitions);
  const storeId = await storeIdOf(database);
  let outcome: 'adopted' | 'own' = 'own';
  const takeOver = async (client: Redis, epoch: string) => {
    if ((await client.hget(epoch, 'store')) === storeId) return;
    await client.hset(epoch, { store: storeId, server: '' }); // the next process begins an epoch
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

/** Throws an `Error` if a pending entry is not in the partition of its account. The key of its hash names both. */
async function expectEntriesInPlace(redis: PartitionedConnections): Promise<void> {
  for (const server of await redis.servers()) {
    for await (const key of keysLike(server, pendingKey(anyPartitionPrefix, '*'))) {
      const [, partition, userId = ''] = /^\{kb:(\d+)\}:pending:(.*)$/s.exec(key) ?? [];
      if (Number(partition) === partitionOf(userId, redis.partitions)) continue;
      throw new Error(
        `[QUEUE] partitions is ${redis.partitions}, but Redis has writes that were acknowledged with another number of partitions: set that number`,
      );
    }
  }
}
