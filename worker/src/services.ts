import { setTimeout as delay } from 'node:timers/promises';
import { MongoError } from 'mongodb';
import type { Config } from '@keybin/shared/config/config.js';
import { MongoEpochNumbers } from '@keybin/shared/engines/scale-out/ownership/epoch-numbers.js';
import {
  adoptionRemedy,
  describeOthers,
  waitingInOtherQueues,
} from '@keybin/shared/engines/scale-out/ownership/other-queues.js';
import { agreeOnPartitions } from '@keybin/shared/engines/scale-out/ownership/partitions.js';
import { queueIdOf } from '@keybin/shared/engines/scale-out/ownership/queue-id.js';
import { openDatabase, type Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { PartitionedConnections } from '@keybin/shared/engines/scale-out/redis/partitioned-redis.js';
import { openRedisTopology, type RedisTopology } from '@keybin/shared/engines/scale-out/redis/redis-topology.js';
import { checkAllRedisSettings, checkRedisSettings } from '@keybin/shared/engines/scale-out/redis/redis-settings.js';
import { askBoth } from '@keybin/shared/engines/scale-out/operations/health.js';
import type { WriteRefusals } from '@keybin/shared/engines/scale-out/queue/write-refusals.js';
import type { Health } from '@keybin/shared/ports/health.js';
import type { Lifecycle } from '@keybin/shared/process/lifecycle.js';
import type { Log } from '@keybin/shared/process/log.js';
import { isOutage } from './apply/retry.js';

const pauseMs = 1_000;

export interface Services {
  readonly place: RedisTopology;
  readonly redis: PartitionedConnections;
  readonly database: Database;
}

/**
 * Opens Redis and MongoDB. While they are down it waits, and logs so. Throws an `Error` of one line if they must not be
 * used: wrong settings of Redis, another number of partitions, documents of an original Keybin.
 */
export async function openServices(
  { store, queue, times }: Config,
  redisUrl: string,
  lifecycle: Lifecycle,
  log: Log,
): Promise<Services> {
  const database = await untilThere('MongoDB', () => openDatabase({ store, times }, times.batchMs), isAway, log);
  lifecycle.push('MongoDB', () => database.close());
  database.logOutages(log);

  const queueId = await untilThere('MongoDB', () => queueIdOf(database), isAway, log);

  const place = openRedisTopology(redisUrl, times);
  lifecycle.push('Redis topology', () => place.close());
  const connect = (partitions: number) =>
    new PartitionedConnections(place, partitions, log, {
      queueId,
      times,
      commandTimeoutMs: times.workerCommandMs,
      check: (client) => checkRedisSettings(client, queue.durability, log),
      epochs: new MongoEpochNumbers(database.counters, database.bounded),
    });
  const redis = connect(queue.partitions);
  lifecycle.push('Redis', () => redis.close());
  const check = async () => {
    await redis.ready(times.workerOpenMs);
    await checkAllRedisSettings(place, redis, queue.durability, log);
  };
  await untilThere('Redis', check, (error) => isOutage(error) || !redis.areReady, log);

  const agree = () => agreeOnPartitions(database.settings, queue.partitions, connect, times.openMs);
  await untilThere('Redis and MongoDB', agree, (error) => isAway(error) || !redis.areReady, log);
  void warnOfOthers(place, queueId, log);
  return { place, redis, database };
}

/**
 * Returns a worker's health within 2 s. Never throws. A worker needs MongoDB and at least one Redis that has
 * partitions.
 */
export async function workerHealth(
  { redis: all, database }: Services,
  queue: Config['queue'],
  refusals: Pick<WriteRefusals, 'problem'>,
): Promise<Health> {
  const { mongodb, redis, anyRedis } = await askBoth({ database, ways: [all], queue, refusals });
  return { canServe: mongodb.answered && anyRedis, dependencies: [mongodb, redis] };
}

/** Warns if writes wait in the queues of other stores: this store may have taken the place of one of them. */
async function warnOfOthers(place: RedisTopology, queueId: string, log: Log): Promise<void> {
  try {
    const waiting = await waitingInOtherQueues(place, queueId);
    if (waiting.size > 0) log.warn({ queueId }, `${describeOthers(waiting)}: ${adoptionRemedy}`);
  } catch (error) {
    log.debug({ err: error }, 'Other queues cannot be looked for');
  }
}

/** True if a service is down. `openDatabase` throws an error of its own, with the driver's error as cause. */
const isAway = (error: unknown) => isOutage(error) || (error instanceof Error && error.cause instanceof MongoError);

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
