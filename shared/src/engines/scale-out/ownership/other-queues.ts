import type { Redis } from 'ioredis';
import { keysLike, partitionOfKey, partitionPattern, rejectedKey, waitingKey } from '../redis/keys.js';

/** Servers of one Redis or of a cluster. */
export interface Servers {
  withServers<T>(work: (server: Redis) => Promise<T>): Promise<T[]>;
}

/** Returns the ids of the queues that have keys in Redis. Throws errors of Redis. */
export async function queuesIn(servers: Servers): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  await servers.withServers(async (server) => {
    for await (const key of keysLike(server, `${partitionPattern()}:*`)) {
      const queueId = partitionOfKey(key)?.queueId;
      if (queueId !== undefined) found.add(queueId);
    }
  });
  return found;
}

/**
 * Returns the number of entries that wait, or are rejected, in each other queue in which some are. Throws errors of
 * Redis.
 */
export async function waitingInOtherQueues(servers: Servers, ownId: string): Promise<ReadonlyMap<string, number>> {
  const counts = await servers.withServers(async (server) => {
    const found = new Map<string, number>(); // by key, because a scan may return a key twice
    for await (const key of keysLike(server, waitingKey(partitionPattern()))) found.set(key, await server.zcard(key));
    for await (const key of keysLike(server, rejectedKey(partitionPattern()))) found.set(key, await server.hlen(key));
    return [...found];
  });
  const byQueue = new Map<string, number>();
  for (const [key, count] of counts.flat()) {
    const queueId = partitionOfKey(key)?.queueId;
    if (queueId !== undefined && queueId !== ownId && count > 0)
      byQueue.set(queueId, (byQueue.get(queueId) ?? 0) + count);
  }
  return byQueue;
}

/** Returns sentences for an operator about entries that wait in other queues. */
export const describeOthers = (waiting: ReadonlyMap<string, number>): string =>
  [...waiting]
    .map(([queueId, count]) => `${count} writes of another store wait in queue ${queueId} of this Redis`)
    .join(', ');

export const adoptionRemedy =
  "leave them if that store is in use; if this store takes its place, shut down all processes and run 'keybin queue adopt' with the id";
