import { partitionPrefix } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { openRedisTopology } from '@keybin/shared/engines/scale-out/redis/redis-topology.js';
import type { Redis } from 'ioredis';
import { times } from '../times.js';

/**
 * Asks Redis about every partition at once, in a cluster each partition's node. The answers are in the order of the
 * partitions.
 */
export type AskEach = <T>(ask: (redis: Redis, prefix: string) => Promise<T>) => Promise<T[]>;

/** Gives `work` connections to every partition, and closes them afterwards. */
export async function withEachPartition<R>(
  redisUrl: string,
  partitions: number,
  work: (each: AskEach) => Promise<R>,
): Promise<R> {
  const place = openRedisTopology(redisUrl, times);
  const clients = Array.from({ length: partitions }, (_, partition) => place.connect(partition, {}));
  try {
    return await work((ask) =>
      Promise.all(clients.map((client, partition) => ask(client, partitionPrefix(partition)))),
    );
  } finally {
    for (const client of clients) client.disconnect();
    place.close();
  }
}
