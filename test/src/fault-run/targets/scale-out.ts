import { MongoClient } from 'mongodb';
import { Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { partitionOf, partitionPrefix, pendingKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { stampDigits } from '@keybin/shared/engines/scale-out/redis/pending-entry.js';
import { entryId } from '@keybin/shared/ids/entry-name.js';
import { spawnApi, spawnWorker } from '../../world/processes/keybin-process.js';
import { startMongod } from '../../world/services/mongo-server.js';
import { Network } from '../../world/network/network.js';
import { queueIdIn } from '../../world/services/queue-prefix.js';
import { storePlace } from '../../world/services/store-settings.js';
import { startAll, type Fault } from '../faults.js';
import type { Life } from '../checkers/history.js';
import { startBehindSentinels, startFailingOver } from './replicated-redis.js';
import { startCluster, startSingle, type RedisServers } from './redis-servers.js';
import { applied, drained, scaleOutLeftovers } from './scale-out-leftovers.js';
import { startService, Target, type Gone } from './target.js';
import { unlimited } from '../clients/unlimited.js';
import { operationsOf, traceInMongo, traceInRedis } from '../checkers/traces.js';
import { Gate } from '../gate.js';
import type { RedisKind, World } from '../world.js';

const database = 'keybin_faults';

/** Names of the hosts of a run over a network of its own. */
const hosts = { redis: 'redis', mongod: 'mongod', apis: ['api1', 'api2'], workers: ['worker1', 'worker2'] } as const;

const serversOf: Readonly<Record<Exclude<RedisKind, 'single'>, (gone: Gone) => Promise<RedisServers>>> = {
  cluster: startCluster,
  sentinel: startBehindSentinels,
  failover: startFailingOver,
};

/**
 * Opens MongoDB, two APIs, two workers, and a kind of Redis, which syncs every write. With `isNetworked` each has a
 * host of its own. Only a single Redis allows that.
 */
export async function openScaleOut(gone: Gone, kind: RedisKind, isNetworked: boolean): Promise<World> {
  const network = isNetworked ? new Network(Object.values(hosts).flat()) : undefined;
  const at = (name: string) => (network ? { at: network.host(name) } : {});
  const servers = await (kind === 'single' ? startSingle(gone, hosts.redis, at(hosts.redis)) : serversOf[kind](gone));
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
  const gate = new Gate();
  const prefixOf = (partition: number) => partitionPrefix(redis.queueId, partition);

  // Connect while MongoDB is up: a client whose first operation cannot connect closes for its concurrent operations too
  const client = await new MongoClient(mongoUrl, { serverSelectionTimeoutMS: 500, socketTimeoutMS: 2_000 }).connect();
  const stored = new Database(client, storePlace({ mongoUrl, database }));
  const queues = Array.from({ length: partitions }, (_, partition) => redis.lookInto(partition));
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
    faults: [
      ...faultsOf({ redis: redis.targets, mongod: [mongod.target], apis, workers }, isNetworked).filter(redis.isMeant),
      ...redis.ownFaults({ workers, gate, applied: () => applied(redis) }),
    ],
    gate,
    network,
    whole: redis.whole,
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
    drained: () => drained(redis),
    leftovers: (shown) => scaleOutLeftovers({ ...redis, stored }, shown),
    async trace(life, key) {
      const what = `${life.username} (${life.password}), ${key}`;
      const userId = await userIdOf(life);
      if (userId === undefined) return [`${what}: its user id is no longer known`];
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
      await redis.close();
      network?.close();
    },
  };
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
