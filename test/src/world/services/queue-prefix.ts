import { queuesIn } from '@keybin/shared/engines/scale-out/ownership/other-queues.js';
import { partitionPrefix } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { openRedisTopology } from '@keybin/shared/engines/scale-out/redis/redis-topology.js';
import { eventually } from '../eventually.js';
import { times } from '../times.js';

/** Returns the ids of all queues in a Redis or a cluster. */
export async function queueIdsIn(redisUrl: string): Promise<string[]> {
  const place = openRedisTopology(redisUrl, undefined, times);
  try {
    return [...(await queuesIn(place))];
  } finally {
    place.close();
  }
}

/** Returns the id of the only queue in Redis, once a process has begun it. */
export async function queueIdIn(redisUrl: string): Promise<string> {
  const [queueId, ...others] = await eventually(async () => {
    const found = await queueIdsIn(redisUrl).catch(() => []); // a node may be down
    return found.length > 0 && found;
  }, 'a queue in Redis');
  if (queueId === undefined || others.length > 0)
    throw new Error(`Redis has the queues ${queueId}, ${others.join(', ')}`);
  return queueId;
}

/** Returns the prefix of a partition of that queue. */
export const prefixIn = async (redisUrl: string, partition = 0): Promise<string> =>
  partitionPrefix(await queueIdIn(redisUrl), partition);
