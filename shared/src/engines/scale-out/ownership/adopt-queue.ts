import type { Redis } from 'ioredis';
import {
  bytesKey,
  epochKey,
  keysLike,
  looksKey,
  partitionOf,
  partitionOfKey,
  partitionPattern,
  pendingKey,
  sweeperKey,
  waitingKey,
} from '../redis/keys.js';
import type { PartitionedConnections } from '../redis/partitioned-redis.js';
import type { TimeBudget } from '../../../time-budget.js';
import { storePartitions } from './partitions.js';
import { adoptionOf, ownQueueIdOf, queueIdOf, type NamedStore } from './queue-id.js';

type AliveTimes = Pick<TimeBudget, 'looksKeptMs' | 'processGoneMs'>;

/**
 * Gives the store another queue than it has, with all writes that wait there. Returns `own` if it has that queue
 * already. Also stores the number of partitions. Token records in the queue no longer count, so tokens are looked up in
 * MongoDB.
 *
 * Throws an `Error` of one line if Redis has no such queue, or if a process was alive on one of the queues within the
 * last seconds. Also if writes wait in the present queue, or are pending under another number of partitions: nobody
 * would find them.
 */
export async function adoptQueue(
  store: NamedStore,
  redis: PartitionedConnections,
  { queueId, times }: { readonly queueId: string; readonly times: AliveTimes },
): Promise<'adopted' | 'own'> {
  const [own, present] = [await ownQueueIdOf(store), await queueIdOf(store)];
  if (queueId === present) return 'own';
  if (queueId !== own && !(await anyKey(redis, `${partitionPattern(queueId)}:*`))) {
    throw new Error(`Redis has no queue ${queueId}: 'keybin doctor' shows the queues in which writes wait`);
  }
  for (const each of [present, queueId]) {
    if (await isAlive(redis, each, times))
      throw new Error(`processes use queue ${each}: shut them down, and retry after a few seconds`);
  }
  if (await anyPending(redis, present)) {
    throw new Error(
      `writes of this store are pending in its queue ${present}: start a worker until 'keybin queue status' shows none, and retry those that are rejected`,
    );
  }
  await expectEntriesInPlace(redis, queueId);
  await storePartitions(store.settings, redis.partitions);
  await redis.withServers(async (server) => {
    for await (const key of keysLike(server, epochKey(partitionPattern(queueId)))) await server.hdel(key, 'server');
  });
  const id = { _id: adoptionOf(own) };
  if (queueId === own) await store.settings.deleteOne(id);
  else await store.settings.updateOne(id, { $set: { value: queueId } }, { upsert: true });
  return 'adopted';
}

/** True if a process has looked at the queue within the last seconds, or a worker holds the lease of a partition. */
async function isAlive(redis: PartitionedConnections, queueId: string, times: AliveTimes): Promise<boolean> {
  const any = async (server: Redis) => {
    for await (const key of keysLike(server, looksKey(partitionPattern(queueId), '*'))) {
      if ((await server.pttl(key)) > times.looksKeptMs - times.processGoneMs) return true;
    }
    return false;
  };
  return (await redis.withServers(any)).includes(true) || (await anyKey(redis, sweeperKey(partitionPattern(queueId))));
}

/** True if any key matches a pattern. */
async function anyKey(redis: PartitionedConnections, pattern: string): Promise<boolean> {
  const found = await redis.withServers(async (server) => (await keysLike(server, pattern).next()).done === false);
  return found.includes(true);
}

/** True if writes wait to be applied, or are rejected. */
async function anyPending(redis: PartitionedConnections, queueId: string): Promise<boolean> {
  const any = async (server: Redis) => {
    for await (const key of keysLike(server, waitingKey(partitionPattern(queueId)))) {
      if ((await server.zcard(key)) > 0) return true;
    }
    for await (const key of keysLike(server, bytesKey(partitionPattern(queueId)))) {
      if (Number(await server.get(key)) > 0) return true;
    }
    return false;
  };
  return (await redis.withServers(any)).includes(true);
}

/** Throws an `Error` if a pending entry is not in the partition of its account. The key of its hash names both. */
async function expectEntriesInPlace(redis: PartitionedConnections, queueId: string): Promise<void> {
  const isInPlace = async (server: Redis) => {
    for await (const key of keysLike(server, pendingKey(partitionPattern(queueId), '*'))) {
      const userId = key.slice(key.lastIndexOf(':') + 1);
      if (partitionOfKey(key)?.partition !== partitionOf(userId, redis.partitions)) return false;
    }
    return true;
  };
  if ((await redis.withServers(isInPlace)).every(Boolean)) return;
  throw new Error(
    `[QUEUE] partitions is ${redis.partitions}, but the queue has writes that were acknowledged with another number of partitions: set that number`,
  );
}
