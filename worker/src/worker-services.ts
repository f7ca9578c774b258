import type { Config } from '@keybin/shared/config/config.js';
import type { Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { openServices } from '@keybin/shared/engines/scale-out/open-services.js';
import { askBoth } from '@keybin/shared/engines/scale-out/operations/health.js';
import {
  adoptionRemedy,
  describeOthers,
  waitingInOtherQueues,
} from '@keybin/shared/engines/scale-out/ownership/other-queues.js';
import type { WriteRefusals } from '@keybin/shared/engines/scale-out/queue/write-refusals.js';
import type { PartitionedConnections } from '@keybin/shared/engines/scale-out/redis/partitioned-redis.js';
import type { RedisTopology } from '@keybin/shared/engines/scale-out/redis/redis-topology.js';
import type { Health } from '@keybin/shared/ports/health.js';
import type { Lifecycle } from '@keybin/shared/process/lifecycle.js';
import type { Log } from '@keybin/shared/process/log.js';

/** Redis and MongoDB, as a worker uses them. */
export interface WorkerServices {
  readonly place: RedisTopology;
  readonly redis: PartitionedConnections;
  readonly database: Database;
}

/**
 * Opens Redis and MongoDB. While they are down it waits, and logs so. Throws an `Error` of one line if they must not be
 * used, as `openServices` does.
 */
export async function openWorkerServices(config: Config, lifecycle: Lifecycle, log: Log): Promise<WorkerServices> {
  const { times } = config;
  const opening = new AbortController();
  lifecycle.push('opening', () => opening.abort());
  const services = await openServices(config, log, {
    ways: 1,
    mongoOperationMs: times.batchMs,
    redisCommandMs: times.workerCommandMs,
    waiting: opening.signal,
  });
  lifecycle.push('Redis and MongoDB', () => services.close());
  const {
    database,
    place,
    queueId,
    redis: [redis],
  } = services;
  void warnOfOthers(place, queueId, log);
  return { database, place, redis };
}

/**
 * Returns a worker's health within 2 s. Never throws. A worker needs MongoDB and at least one Redis that has
 * partitions.
 */
export async function workerHealth(
  { redis: all, database }: WorkerServices,
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
