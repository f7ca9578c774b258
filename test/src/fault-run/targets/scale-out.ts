import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { partitionOf, partitionPrefix, pendingKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { stampDigits } from '@keybin/shared/engines/scale-out/redis/pending-entry.js';
import { entryId } from '@keybin/shared/ids/entry-name.js';
import type { Child } from '../../world/processes/child.js';
import { spawnApi, spawnWorker } from '../../world/processes/keybin-process.js';
import { startMongod } from '../../world/services/mongo-server.js';
import { startRedisCluster } from '../../world/services/redis-cluster.js';
import { Network } from '../../world/network/network.js';
import { startRedis, type RedisServerOptions } from '../../world/services/redis-server.js';
import { queueIdIn } from '../../world/services/queue-prefix.js';
import type { Services } from '../../world/services/services.js';
import { storePlace } from '../../world/services/store-settings.js';
import { startAll, type Fault } from '../faults.js';
import type { Life } from '../checkers/history.js';
import { drained, scaleOutLeftovers, type Queues } from './scale-out-leftovers.js';
import { Target } from './target.js';
import { unlimited } from '../clients/unlimited.js';
import { operationsOf, traceInMongo, traceInRedis } from '../checkers/traces.js';
import type { World } from '../world.js';

const database = 'keybin_faults';

type Gone = (what: string) => void;

/** Names of the hosts of a run over a network of its own. */
const hosts = { redis: 'redis', mongod: 'mongod', apis: ['api1', 'api2'], workers: ['worker1', 'worker2'] } as const;

/**
 * Opens MongoDB, two APIs, two workers, and Redis or a cluster of three nodes. Redis syncs every write. `gone` is
 * called for each process that ended by itself. With `isNetworked` each has a host of its own.
 */
export async function openScaleOut(gone: Gone, kind: 'single' | 'cluster', isNetworked: boolean): Promise<World> {
  const network = isNetworked ? new Network(Object.values(hosts).flat()) : undefined;
  const at = (name: string) => (network ? { at: network.host(name) } : {});
  const servers = await (kind === 'cluster' ? startCluster(gone) : startSingle(gone, at(hosts.redis)));
  const { partitions } = servers;
  const mongod = await startService('MongoDB', () => startMongod(at(hosts.mongod)), gone, { host: hosts.mongod });
  const mongoUrl = mongod.server.url;
  await servers.giveQueue({ mongoUrl, database });
  const env = {
    KEYBIN_STORE_HOST: mongoUrl,
    KEYBIN_STORE_DATABASE: database,
    KEYBIN_STORE_TOKEN_EXPIRATION: '86400',
    KEYBIN_QUEUE_REDIS: servers.url,
    KEYBIN_QUEUE_PARTITIONS: String(partitions),
    KEYBIN_QUEUE_SWEEP_AFTER: '5',
    ...unlimited,
  };
  const apis = hosts.apis.map(
    (host, index) => new Target(`API ${index + 1}`, false, () => spawnApi({ env, ...at(host) }), gone, host),
  );
  const workerUrls = new Map<number, string>();
  const beginWorker = async (number: number, host: string) => {
    const { child, url } = await spawnWorker({ env, ...at(host) });
    workerUrls.set(number, url);
    return { child };
  };
  const workers = hosts.workers.map(
    (host, index) => new Target(`worker ${index + 1}`, false, () => beginWorker(index + 1, host), gone, host),
  );
  await startAll([...apis, ...workers]);
  const redis = { ...servers, queueId: await queueIdIn(servers.url) };
  const prefixOf = (partition: number) => partitionPrefix(redis.queueId, partition);

  // Connect while MongoDB is up: a client whose first operation cannot connect closes for its concurrent operations too
  const client = await new MongoClient(mongoUrl, { serverSelectionTimeoutMS: 500, socketTimeoutMS: 2_000 }).connect();
  const stored = new Database(client, storePlace({ mongoUrl, database }));
  const queues = Array.from({ length: partitions }, (_, partition) => lookInto(redis.redisUrlOf(partition)));
  const userIds = new Map<Life, string>();
  const userIdOf = async (life: Life) => {
    const isThere = life.endingFromMs === Infinity; // afterwards another life may have its name
    const found = isThere && !userIds.has(life) ? await stored.users.findOne({ username: life.username }) : undefined;
    const known = userIds.get(life) ?? found?.user_id;
    if (known !== undefined) userIds.set(life, known);
    return known;
  };

  return {
    engine: 'scale-out',
    targets: [...redis.targets, mongod.target, ...apis, ...workers],
    faults: faultsOf({ redis: redis.targets, mongod: [mongod.target], apis, workers }, isNetworked).filter(
      redis.isMeant,
    ),
    network,
    get urls() {
      return apis.flatMap(({ url }) => url ?? []);
    },
    get workerUrls() {
      return [...workerUrls.values()];
    },
    addsUpMetrics: false,
    async pendingVersion(life, key) {
      try {
        const userId = await userIdOf(life);
        if (userId === undefined) return undefined;
        const partition = partitionOf(userId, partitions);
        const entry = await queues[partition]?.hget(pendingKey(prefixOf(partition), userId), key);
        return entry?.slice(0, stampDigits);
      } catch {
        return undefined; // Redis or MongoDB is down
      }
    },
    async drained() {
      await redis.whole();
      await drained(redis);
    },
    leftovers: (shown) => scaleOutLeftovers({ ...redis, stored }, shown),
    async trace(life, key) {
      const what = `${life.username} (${life.password}), ${key}`;
      const userId = await userIdOf(life);
      if (userId === undefined) return [`${what}: its user id is not known any more`];
      const partition = partitionOf(userId, partitions);
      const hash = pendingKey(prefixOf(partition), userId);
      const inRedis = traceInRedis(redis.directoryOf(partition), hash, key);
      const inMongo = traceInMongo(await operationsOf(client, database, entryId(userId, key)));
      return [`${what}, in the servers:`, ...inRedis, ...inMongo];
    },
    async close() {
      for (const queue of queues) queue.disconnect();
      await stored.close();
      await Promise.all([...apis, ...workers].map((target) => target.terminate()));
      await Promise.all([...redis.targets, mongod.target].map((target) => target.terminate()));
      network?.close();
    },
  };
}

/** Opens a connection for reading pending entries. It fails fast while Redis is down. */
function lookInto(redisUrl: string): Redis {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: 0, commandTimeout: 500, enableOfflineQueue: false });
  redis.on('error', () => {}); // this Redis is killed, too
  return redis;
}

/** One Redis or a cluster, with its processes. */
interface RedisServers extends Omit<Queues, 'queueId'> {
  /** Value of `[QUEUE] redis`. */
  readonly url: string;
  readonly targets: Targets;
  /** Returns the directory of the Redis that holds a partition. */
  readonly directoryOf: (partition: number) => string;
  /** Returns true if a run over this Redis should inject the fault. */
  readonly isMeant: (fault: Fault) => boolean;
  /** Gives the store an id with which each partition is on its node. */
  readonly giveQueue: (place: Pick<Services, 'mongoUrl' | 'database'>) => Promise<void>;
  /** Resolves once all its parts work together again. */
  readonly whole: () => Promise<void>;
}

async function startSingle(gone: Gone, options: RedisServerOptions): Promise<RedisServers> {
  const { server, target } = await startService('Redis', () => startRedis(options), gone, { host: hosts.redis });
  return {
    url: server.url,
    partitions: 2,
    redisUrlOf: () => server.url,
    directoryOf: () => server.dir,
    targets: [target],
    isMeant: () => true,
    giveQueue: async () => {},
    whole: async () => {},
  };
}

/** Starts a cluster with one partition on each node. A restarted node is ready once it has rejoined the cluster. */
async function startCluster(gone: Gone): Promise<RedisServers> {
  const cluster = await startRedisCluster();
  const whole = () => cluster.together();
  const nodes = cluster.nodes.map((server, index) =>
    startService(`Redis ${index + 1}`, async () => server, gone, { ready: whole }),
  );
  const targets = (await Promise.all(nodes)).map(({ target }) => target);
  return {
    url: cluster.url,
    partitions: cluster.nodes.length,
    redisUrlOf: (partition) => cluster.node(partition).url,
    directoryOf: (partition) => cluster.node(partition).dir,
    targets,
    giveQueue: (place) => cluster.giveQueue(place),
    // Other faults need no cluster, and after each fault of a node the cluster takes seconds to recover
    isMeant: ({ what, among }) => what === 'worker' || among.flat().some((target) => targets.includes(target)),
    whole,
  };
}

interface Server {
  readonly url: string;
  readonly child: Child;
  start(): Promise<void>;
}

/** Starts a server that can be restarted on its port and its data. */
async function startService<S extends Server>(
  name: string,
  first: () => Promise<S>,
  gone: Gone,
  { ready = async () => {}, host }: { readonly ready?: () => Promise<void>; readonly host?: string } = {},
) {
  const server = await first();
  const begin = async () => {
    if (!server.child.alive) {
      await server.start();
      await ready();
    }
    return { child: server.child };
  };
  const target = new Target(name, true, begin, gone, host);
  await target.start();
  return { server, target };
}

type Targets = readonly Target[];

function faultsOf(
  { redis, mongod, apis, workers }: Record<'redis' | 'mongod' | 'apis' | 'workers', Targets>,
  isNetworked: boolean,
): Fault[] {
  const one: [string, Targets][] = [
    ['API', apis],
    ['worker', workers],
    ['Redis', redis],
    ['MongoDB', mongod],
  ];
  const alone = (manner: Fault['manner']) => one.map(([what, among]): Fault => ({ manner, what, among: [among] }));
  const cuts: [string, Targets, Targets][] = [
    ['API from MongoDB', apis, mongod],
    ['API from Redis', apis, redis],
    ['worker from MongoDB', workers, mongod],
    ['worker from Redis', workers, redis],
  ];
  return [
    ...(isNetworked ? cuts.map(([what, ...among]): Fault => ({ manner: 'cut', what, among })) : []),
    ...alone('kill -9'),
    ...alone('hang'),
    ...alone('SIGTERM'),
    { manner: 'kill -9', what: 'Redis and MongoDB', among: [redis, mongod] },
    { manner: 'kill -9', what: 'API and worker', among: [apis, workers] },
    { manner: 'kill -9', what: 'API and Redis', among: [apis, redis] },
    { manner: 'kill -9', what: 'worker and MongoDB', among: [workers, mongod] },
    {
      manner: 'kill -9',
      what: 'everything',
      among: [...apis, ...workers, ...redis, ...mongod].map((target) => [target]),
    },
    { manner: 'hang', what: 'Redis and MongoDB', among: [redis, mongod] },
    { manner: 'hang', what: 'API and worker', among: [apis, workers] },
  ];
}
