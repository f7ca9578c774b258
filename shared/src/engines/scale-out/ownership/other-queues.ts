import type { Redis } from 'ioredis';
import { keysLike, partitionOfKey, partitionPattern, waitingKey } from '../redis/keys.js';

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

/** Returns the number of entries that wait in each other queue in which some do. Throws errors of Redis. */
export async function waitingInOtherQueues(servers: Servers, ownId: string): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  await servers.withServers(async (server) => {
    for await (const key of keysLike(server, waitingKey(partitionPattern()))) {
      const queueId = partitionOfKey(key)?.queueId;
      if (queueId === undefined || queueId === ownId) continue;
      found.set(queueId, (found.get(queueId) ?? 0) + (await server.zcard(key)));
    }
  });
  return found;
}

/** Returns sentences for an operator about entries that wait in other queues. */
export const describeOthers = (waiting: ReadonlyMap<string, number>): string =>
  [...waiting]
    .map(([queueId, count]) => `${count} writes of another store wait in queue ${queueId} of this Redis`)
    .join(', ');

export const adoptionRemedy =
  "leave them if that store is in use; if this store takes its place, shut down all processes and run 'keybin queue adopt' with the id";
