import { once } from 'node:events';
import type { Config } from '../../config/config.js';
import { maskCredentials } from '../../config/url-value.js';
import type { Log } from '../../log.js';
import { whyAway, type RedisConnection } from './redis-connection.js';
import { RedisConnections } from './redis-connections.js';
import { openRedisPlace } from './redis-place.js';

/** Connections for an operator's command. Throws an `Error` of one line when Redis cannot be reached, or a part of it. */
export async function openOperatorRedis(
  { queue: { redis: url, partitions }, times }: Pick<Config, 'queue' | 'times'>,
  log: Log,
): Promise<RedisConnections> {
  if (url === undefined) throw new Error('[QUEUE] redis is missing');
  const redis = new RedisConnections(openRedisPlace(url, times), partitions, log, { times, closesPlace: true });
  try {
    await Promise.all(redis.all.map((connection) => reached(connection, times.operatorOpenMs)));
    return redis;
  } catch (error) {
    redis.close();
    throw new Error(`Redis at ${maskCredentials(url)} cannot be reached: ${whyAway(error)}`, { cause: error });
  }
}

/** Throws the first error at once, for the connection itself would go on trying. */
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
