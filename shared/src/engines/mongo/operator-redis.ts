import { once } from 'node:events';
import type { Config } from '../../config/config.js';
import { maskCredentials } from '../../config/url-value.js';
import type { Log } from '../../log.js';
import { whyAway, type RedisConnection } from './redis-connection.js';
import { RedisConnections } from './redis-connections.js';
import { openRedisPlace } from './redis-place.js';

/** An operator is told soon that Redis is away. */
const openTimeoutMs = 1_000;

/** Connections for an operator's command. Throws an `Error` of one line when Redis cannot be reached, or a part of it. */
export async function openOperatorRedis(
  { redis: url, partitions }: Pick<Config['queue'], 'redis' | 'partitions'>,
  log: Log,
): Promise<RedisConnections> {
  if (url === undefined) throw new Error('[QUEUE] redis is missing');
  const redis = new RedisConnections(openRedisPlace(url), partitions, log, { closesPlace: true });
  try {
    await Promise.all(redis.all.map(reached));
    return redis;
  } catch (error) {
    redis.close();
    throw new Error(`Redis at ${maskCredentials(url)} cannot be reached: ${whyAway(error)}`, { cause: error });
  }
}

/** Throws the first error at once, for the connection itself would go on trying. */
async function reached(redis: RedisConnection): Promise<void> {
  const decided = new AbortController();
  const refused = once(redis.raw, 'error', { signal: decided.signal }).then(([error]) => {
    throw error;
  });
  try {
    await Promise.race([redis.ready(openTimeoutMs), refused]);
  } finally {
    decided.abort();
  }
}
