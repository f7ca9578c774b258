import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { ConnectOptions } from '@keybin/shared/engines/scale-out/redis/redis-topology.js';
import { snapshot } from '../../faults/redis/redis-data.js';
import { startRedisCluster } from '../../world/services/redis-cluster.js';
import { startRedis, type RedisServer, type RedisServerOptions } from '../../world/services/redis-server.js';
import type { Services } from '../../world/services/services.js';
import type { Fault } from '../faults.js';
import type { Gate } from '../gate.js';
import type { Queues } from './scale-out-leftovers.js';
import { startService, type Gone, type Target } from './target.js';

/** Time for which workers apply nothing before Redis is copied, and until it is put back, in ms. */
const pilingUpMs = 500;
const growingOlderMs = 2_000;

/** Parts of a run that a fault of Redis involves. */
export interface Surroundings {
  readonly workers: readonly Target[];
  readonly gate: Gate;
  /** Returns true once everything that was acknowledged is in MongoDB, and false if that takes too long. */
  readonly applied: () => Promise<boolean>;
}

/** One or several Redis servers, with their processes. */
export interface RedisServers extends Omit<Queues, 'queueId'> {
  /** Value of `[QUEUE] redis`. */
  readonly url: string;
  readonly targets: readonly Target[];
  /** Opens a connection for reading the entries of a partition. It fails fast while Redis is down. */
  readonly lookInto: (partition: number) => Redis;
  /** Returns the directory of the Redis that holds a partition. */
  readonly directoryOf: (partition: number) => string;
  /** Returns true if a run over this Redis should inject the fault. */
  readonly isMeant: (fault: Fault) => boolean;
  /** Returns faults that only these servers have. */
  readonly ownFaults: (surroundings: Surroundings) => Fault[];
  /** Gives the store an id with which each partition is on its node. */
  readonly giveQueue: (place: Pick<Services, 'mongoUrl' | 'database'>) => Promise<void>;
  /** Resolves once all servers work together again. */
  readonly whole: () => Promise<void>;
  /** Ends what does not end with the targets. */
  readonly close: () => Promise<void>;
}

const fast = { maxRetriesPerRequest: 0, commandTimeout: 500, enableOfflineQueue: false } as const;

/** Opens a connection that fails fast, with the options of ioredis that say where to. */
export function connectFast(where: ConnectOptions): Redis {
  const redis = new Redis({ ...where, ...fast });
  redis.on('error', () => {}); // this Redis is killed, too
  return redis;
}

export const connectTo = ({ host, port }: Pick<RedisServer, 'host' | 'port'>): Redis => connectFast({ host, port });

/** Starts one Redis. */
export async function startSingle(gone: Gone, host: string, options: RedisServerOptions): Promise<RedisServers> {
  const { server, target } = await startService('Redis', () => startRedis(options), gone, { host });
  return {
    url: server.url,
    partitions: 2,
    redisUrlOf: () => server.url,
    lookInto: () => connectTo(server),
    directoryOf: () => server.dir,
    targets: [target],
    isMeant: () => true,
    ownFaults: (surroundings) => [
      {
        manner: 'older copy',
        what: 'Redis',
        among: [],
        inject: () => putOlderCopyBack(server, target, surroundings),
      },
    ],
    giveQueue: async () => {},
    whole: async () => {},
    close: async () => {},
  };
}

/**
 * Copies the files of Redis while writes wait, and lets clients and workers go on. Keeps clients out until everything
 * acknowledged is in MongoDB, and Redis was killed and started from the copy. Resolves with `undefined` if not all was
 * applied in time.
 */
async function putOlderCopyBack(
  server: RedisServer,
  target: Target,
  { workers, gate, applied }: Surroundings,
): Promise<string | undefined> {
  const hanging = Promise.all(workers.map((worker) => worker.hang(2 * pilingUpMs)));
  await delay(pilingUpMs);
  const putBack = snapshot(server);
  await hanging;
  await delay(growingOlderMs);
  return gate.whileEmpty(async () => {
    if (!(await applied())) return undefined;
    await target.kill();
    putBack(server.dir);
    await target.start();
    return target.name;
  });
}

/** Starts a cluster with one partition on each node. */
export async function startCluster(gone: Gone): Promise<RedisServers> {
  const cluster = await startRedisCluster();
  const nodes = cluster.nodes.map((server, index) => startService(`Redis ${index + 1}`, async () => server, gone));
  const targets = (await Promise.all(nodes)).map(({ target }) => target);
  return {
    url: cluster.url,
    partitions: cluster.nodes.length,
    redisUrlOf: (partition) => cluster.node(partition).url,
    lookInto: (partition) => connectTo(cluster.node(partition)),
    directoryOf: (partition) => cluster.node(partition).dir,
    targets,
    isMeant: (fault) => isOfRedisOrWorker(fault, targets),
    ownFaults: () => [],
    giveQueue: (place) => cluster.giveQueue(place),
    whole: () => cluster.together(),
    close: async () => {},
  };
}

/**
 * Returns true for the faults that a run over several servers needs. Others need no more than one, and after each fault
 * of a server the others take seconds to recover.
 */
export const isOfRedisOrWorker = ({ what, among }: Fault, servers: readonly Target[]): boolean =>
  what === 'worker' || among.flat().some((target) => servers.includes(target));
