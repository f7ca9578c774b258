import type { Redis } from 'ioredis';
import { anyPartitionPrefix, lifeKey, partitionOf, partitionPrefix, pendingKey } from './keys.js';
import { keysLike } from './keys-like.js';
import { newLife, storePartitions } from './partitions.js';
import type { RedisConnections } from './redis-connections.js';
import { storeIdOf, type NamedStore } from './store-id.js';

/**
 * Has the store take the place of those whose queue this is: it claims each partition that there is or has ever been, and stores how
 * many there are. Processes of the others settle nothing from then on, and stop using this Redis when they look at the claim again.
 * No token record of theirs counts any more: whose token it is is in MongoDB. May be repeated after a break. Answers `own` if the queue
 * was this store's.
 *
 * Throws an `Error` of one line if entries are pending in partitions of another number than there are: nobody would find them.
 */
export async function adoptQueue(database: NamedStore, redis: RedisConnections): Promise<'adopted' | 'own'> {
  await expectEntriesInPlace(redis);
  await storePartitions(database.settings, redis.partitions);
  const storeId = await storeIdOf(database);
  let outcome: 'adopted' | 'own' = 'own';
  const claim = async (client: Redis, life: string) => {
    if ((await client.hget(life, 'store')) === storeId) return;
    await client.hset(life, { store: storeId, ...newLife() });
    outcome = 'adopted';
  };
  for (const server of await redis.servers()) {
    for await (const life of keysLike(server, lifeKey(anyPartitionPrefix))) await claim(server, life);
  }
  for (let partition = 0; partition < redis.partitions; partition++) {
    await claim(redis.of(partition).client, lifeKey(partitionPrefix(partition)));
  }
  return outcome;
}

/** Each entry that is pending tells by its key in which partition it is, and of which account. */
async function expectEntriesInPlace(redis: RedisConnections): Promise<void> {
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
