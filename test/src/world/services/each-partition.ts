import { partitionPrefix } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { openRedisTopology } from '@keybin/shared/engines/scale-out/redis/redis-topology.js';
import type { Redis } from 'ioredis';
import { times } from '../times.js';
import { queueIdIn } from './queue-prefix.js';

/**
 * Asks Redis about every partition at once, in a cluster each partition's node. The answers are in the order of the
 * partitions.
 */
export type AskEach = <T>(ask: (redis: Redis, prefix: string) => Promise<T>) => Promise<T[]>;

/** Gives `work` connections to every partition of the only queue, or of another, and closes them afterwards. */
export async function withEachPartition<R>(
  redisUrl: string,
  partitions: number,
  work: (each: AskEach) => Promise<R>,
  queueId?: string,
): Promise<R> {
  const id = queueId ?? (await queueIdIn(redisUrl));
  const prefixes = Array.from({ length: partitions }, (_, partition) => partitionPrefix(id, partition));
  const place = openRedisTopology(redisUrl, undefined, times);
  const clients = prefixes.map((prefix) => ({ client: place.connect(prefix, {}), prefix }));
  try {
    return await work((ask) => Promise.all(clients.map(({ client, prefix }) => ask(client, prefix))));
  } finally {
    for (const { client } of clients) client.disconnect();
    place.close();
  }
}
