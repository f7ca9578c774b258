import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { lifeKey, partitionOf, partitionPrefix } from './keys.js';
import { storePartitions } from './partitions.js';
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
    await client.hset(life, { store: storeId, server: '', name: randomUUID() });
    outcome = 'adopted';
  };
  for await (const { server, key } of keysOf(redis, '{kb:*}:life')) await claim(server, key);
  for (let partition = 0; partition < redis.partitions; partition++) {
    await claim(redis.of(partition).client, lifeKey(partitionPrefix(partition)));
  }
  return outcome;
}

/** Each entry that is pending tells by its key in which partition it is, and of which account. */
async function expectEntriesInPlace(redis: RedisConnections): Promise<void> {
  for await (const { key } of keysOf(redis, '{kb:*}:pending:*')) {
    const [, partition, userId = ''] = /^\{kb:(\d+)\}:pending:(.*)$/s.exec(key) ?? [];
    if (Number(partition) === partitionOf(userId, redis.partitions)) continue;
    throw new Error(
      `[QUEUE] partitions is ${redis.partitions}, but Redis has writes that were answered with another number of partitions: set that one`,
    );
  }
}

/** The keys of a pattern, each with the server that has it. */
async function* keysOf(redis: RedisConnections, pattern: string): AsyncGenerator<{ server: Redis; key: string }> {
  for (const server of await redis.servers()) {
    const pages: AsyncIterable<string[]> = server.scanStream({ match: pattern, count: 1_000 });
    for await (const keys of pages) for (const key of keys) yield { server, key };
  }
}
