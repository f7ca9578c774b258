import { once } from 'node:events';
import type { Config } from '../../../config/config.js';
import { maskCredentials } from '../../../config/url-kinds.js';
import type { Log } from '../../../process/log.js';
import { UnreachableError } from '../../../errors.js';
import { connectionProblemOf, isMisconfigured, type RedisConnection } from './redis-connection.js';
import { PartitionedConnections, type ConnectionsOptions } from './partitioned-redis.js';
import { openRedisTopology } from './redis-topology.js';

/**
 * Opens connections for an operator's command, which begins epochs only if it has `epochs`. Throws an `Error` of one
 * line if Redis, or a part of it, cannot be reached.
 */
export async function openOperatorRedis(
  { queue: { redis: url, tlsCa, partitions }, times }: Pick<Config, 'queue' | 'times'>,
  log: Log,
  options: Pick<ConnectionsOptions, 'queueId' | 'epochs'>,
): Promise<PartitionedConnections> {
  if (url === undefined) throw new Error('[QUEUE] redis is missing');
  const redis = new PartitionedConnections(openRedisTopology(url, tlsCa, times), partitions, log, {
    times,
    closesPlace: true,
    ...options,
  });
  try {
    await Promise.all(redis.all.map((connection) => reached(connection, times.operatorOpenMs)));
    return redis;
  } catch (error) {
    redis.close();
    const Failure = isMisconfigured(error) ? Error : UnreachableError;
    throw new Failure(`Redis at ${maskCredentials(url)} cannot be reached: ${connectionProblemOf(error)}`, {
      cause: error,
    });
  }
}

/** Resolves once the connection is ready. Throws the first error at once, although the connection would keep trying. */
async function reached(redis: RedisConnection, timeoutMs: number): Promise<void> {
  const decided = new AbortController();
  const refused = once(redis.raw, 'error', { signal: decided.signal }).then(([error]) => {
    throw error;
  });
  try {
    await Promise.race([redis.ready(timeoutMs), refused]);
  } finally {
    decided.abort();
  }
}
