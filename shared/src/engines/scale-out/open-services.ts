import type { Redis } from 'ioredis';
import type { Config } from '../../config/config.js';
import { maskCredentials } from '../../config/url-kinds.js';
import { UnreachableError } from '../../errors.js';
import type { Log } from '../../process/log.js';
import { untilReachable } from '../../process/until-reachable.js';
import { openDatabase, type Database } from './mongodb/database.js';
import { isOutage } from './mongodb/outage.js';
import { MongoEpochNumbers } from './ownership/epoch-numbers.js';
import { agreeOnPartitions } from './ownership/partitions.js';
import { queueIdOf } from './ownership/queue-id.js';
import { PartitionedConnections } from './redis/partitioned-redis.js';
import { connectionProblemOf, isMisconfigured } from './redis/redis-connection.js';
import { checkAllRedisSettings, checkRedisSettings } from './redis/redis-settings.js';
import { openRedisTopology, type RedisTopology } from './redis/redis-topology.js';

/** Servers that a process of the scale-out engine is connected to. */
export interface Services {
  readonly database: Database;
  readonly place: RedisTopology;
  readonly queueId: string;
  /** As many sets of connections as were asked for, one at least. */
  readonly redis: readonly [PartitionedConnections, ...PartitionedConnections[]];
  close(): Promise<void>;
}

export interface ServicesOptions {
  /** Number of sets of connections to Redis. */
  readonly ways: number;
  /** Longest time for one operation of MongoDB. */
  readonly mongoOperationMs: number;
  /** Longest time for one command of Redis. */
  readonly redisCommandMs: number;
  /** Makes it wait for what is down, until it is aborted. Without it, that is an error. */
  readonly waiting?: AbortSignal | undefined;
}

/**
 * Connects to MongoDB and Redis, and makes sure that all processes agree on the queue and the number of partitions.
 * Throws an `UnreachableError` if one of them is down and nobody waits for it. Throws an `Error` of one line if one of
 * them must not be used: wrong settings, another number of partitions, documents of an original Keybin. After an error
 * nothing stays open.
 */
export async function openServices(
  { store, queue, times }: Pick<Config, 'store' | 'queue' | 'times'>,
  log: Log,
  { ways, mongoOperationMs, redisCommandMs, waiting }: ServicesOptions,
): Promise<Services> {
  const { redis: url, tlsCa, durability, partitions } = queue;
  if (url === undefined) throw new Error('[QUEUE] redis is missing: the scale-out engine keeps pending writes there');
  const reached = <T>(step: () => Promise<T>) => (waiting ? untilReachable(step, log, waiting) : step());
  const closers: (() => void | Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).toReversed()) await closer();
  };
  try {
    const database = await reached(() => openDatabase({ store, times }, mongoOperationMs));
    closers.push(() => database.close());
    database.logOutages(log);
    const queueId = await reached(() => queueIdOf(database));
    const place = openRedisTopology(url, tlsCa, times);
    closers.push(() => place.close());
    const connect = (count: number) =>
      new PartitionedConnections(place, count, log, {
        queueId,
        times,
        commandTimeoutMs: redisCommandMs,
        check: (client: Redis) => checkRedisSettings(client, durability, log),
        epochs: new MongoEpochNumbers(database.counters, database.bounded),
      });
    const first = connect(partitions);
    const redis = [first, ...Array.from({ length: ways - 1 }, () => connect(partitions))] as const;
    closers.push(() => redis.forEach((each) => each.close()));
    const problem = `Redis at ${maskCredentials(url)} cannot be`;
    await reached(() =>
      orUnreachable(`${problem} reached`, Promise.all(redis.map((each) => each.ready(times.openMs)))),
    );
    const isDown = () => redis.some(({ areReady }) => !areReady);
    await reached(() => orUnreachable(`${problem} used`, checkAllRedisSettings(place, first, durability, log), isDown));
    const agree = () => agreeOnPartitions(database.settings, partitions, connect, times.openMs);
    await reached(() => orUnreachable('Redis or MongoDB cannot be used', agree(), isDown));
    waiting?.throwIfAborted();
    return { database, place, queueId, redis, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Awaits a step of opening. If it fails because Redis or MongoDB is down, throws an error that begins with `problem`.
 */
async function orUnreachable<T>(problem: string, step: Promise<T>, isDown = () => false): Promise<T> {
  try {
    return await step;
  } catch (cause) {
    if (!isOutage(cause) && !isDown()) throw cause;
    const Failure = isMisconfigured(cause) ? Error : UnreachableError;
    throw new Failure(`${problem}: ${connectionProblemOf(cause)}`, { cause });
  }
}
