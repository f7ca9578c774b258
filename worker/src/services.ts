import { setTimeout as delay } from 'node:timers/promises';
import { MongoError } from 'mongodb';
import type { Config } from '@keybin/shared/config/config.js';
import { openDatabase, type Database } from '@keybin/shared/engines/mongo/database.js';
import { claimPartitions } from '@keybin/shared/engines/mongo/partitions.js';
import { RedisConnection } from '@keybin/shared/engines/mongo/redis-connection.js';
import { checkRedisSettings } from '@keybin/shared/engines/mongo/redis-settings.js';
import type { Lifecycle } from '@keybin/shared/lifecycle.js';
import type { Log } from '@keybin/shared/log.js';
import { batchMaxAgeMs } from './apply.js';
import { isOutage } from './outage.js';

const commandTimeoutMs = 5_000;
const connectTimeoutMs = 2_000;
const pauseMs = 1_000;

export interface Services {
  readonly redis: RedisConnection;
  readonly database: Database;
}

/**
 * Opens Redis and MongoDB, and waits for them, saying so, while they are away. Throws an `Error` of one line when what is there
 * must not be used: wrong settings of Redis, another number of partitions, documents of an original Keybin.
 */
export async function openServices(
  { store, queue }: Config,
  redisUrl: string,
  lifecycle: Lifecycle,
  log: Log,
): Promise<Services> {
  const redis = new RedisConnection(redisUrl, log, { commandTimeout: commandTimeoutMs });
  lifecycle.push('Redis', () => redis.close());
  const check = async () => {
    await redis.ready(connectTimeoutMs);
    await checkRedisSettings(redis.client, queue.durability, log);
  };
  await untilThere('Redis', check, (error) => isOutage(error) || !isConnected(redis), log);

  const database = await untilThere('MongoDB', () => openDatabase(store, batchMaxAgeMs), isAway, log);
  lifecycle.push('MongoDB', () => database.close());
  database.logOutages(log);

  const claim = () => claimPartitions(database.settings, redis.client, queue.partitions);
  await untilThere('Redis and MongoDB', claim, (error) => isAway(error) || !isConnected(redis), log);
  return { redis, database };
}

/** `openDatabase` says in its own words why it cannot connect; the driver's error is the cause. */
const isAway = (error: unknown) => isOutage(error) || (error instanceof Error && error.cause instanceof MongoError);

function isConnected(redis: RedisConnection): boolean {
  try {
    return redis.run !== '';
  } catch {
    return false;
  }
}

async function untilThere<T>(
  what: string,
  attempt: () => Promise<T>,
  isTransient: (error: unknown) => boolean,
  log: Log,
): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isTransient(error)) throw error;
      log.warn({ err: error }, `Waiting for ${what}`);
    }
    await delay(pauseMs);
  }
}
