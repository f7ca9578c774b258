import { partitionPrefix } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { openRedisTopology } from '@keybin/shared/engines/scale-out/redis/redis-topology.js';
import type { Redis } from 'ioredis';
import { times } from '../times.js';

/** Asks Redis, or the node of a cluster that has it, about every partition at once; the answers are in their order. */
export type AskEach = <T>(ask: (redis: Redis, prefix: string) => Promise<T>) => Promise<T[]>;

/** Gives `work` connections of its own to every partition, which end with it. */
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
