import type { Config } from '../../../config/config.js';
import { maskCredentials } from '../../../config/url-kinds.js';
import { isUnreachable, messageOf } from '../../../errors.js';
import { connectDatabase } from '../mongodb/database.js';
import { connectionProblemOf } from '../redis/redis-connection.js';
import { openRedisTopology } from '../redis/redis-topology.js';
import { queuesIn } from './other-queues.js';
import { existingQueueIdOf, noQueue } from './queue-id.js';

/**
 * Returns the id of the store's queue for an operator's command, or one that no queue has if the store has none yet.
 * While MongoDB is down, it is that of the only queue in Redis. Throws an `Error` of one line if there are several, if
 * Redis cannot be reached either, or if MongoDB must not be used.
 */
export async function findQueueId(config: Config): Promise<string> {
  try {
    const database = await connectDatabase(config);
    try {
      return (await existingQueueIdOf(database)) ?? noQueue;
    } finally {
      await database.close();
    }
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    const [queueId, another] = await queuesOf(config);
    if (queueId !== undefined && another === undefined) return queueId;
    const reason = messageOf(error);
    throw new Error(`MongoDB must tell which queue in Redis is that of this store: ${reason}`, { cause: error });
  }
}

async function queuesOf({ queue: { redis: url, tlsCa }, times }: Config): Promise<string[]> {
  if (url === undefined) throw new Error('[QUEUE] redis is missing');
  const place = openRedisTopology(url, tlsCa, times);
  try {
    return [...(await queuesIn(place))];
  } catch (error) {
    const reason = connectionProblemOf(error);
    throw new Error(`Redis at ${maskCredentials(url)} cannot be reached: ${reason}`, { cause: error });
  } finally {
    place.close();
  }
}
