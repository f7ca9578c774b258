import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { Database } from '@keybin/shared/engines/mongo/database.js';
import { partitionOf, partitionPrefix, pendingKey } from '@keybin/shared/engines/mongo/keys.js';
import type { Child } from '../world/child.js';
import { startApi, startWorker } from '../world/keybin-process.js';
import { startMongod } from '../world/mongo-server.js';
import { startRedis } from '../world/redis-server.js';
import { storeSettings } from '../world/store-settings.js';
import { startAll, type Fault } from './faults.js';
import type { Life } from './history.js';
import { drained, scaleOutLeftovers } from './scale-out-leftovers.js';
import { Target } from './target.js';
import { unlimited } from './unlimited.js';
import type { World } from './world.js';

const partitions = 2;
const database = 'keybin_faults';

/** Redis, which syncs always, MongoDB, two APIs and two workers. `gone` is told of each process that ended by itself. */
export async function openScaleOut(gone: (what: string) => void): Promise<World> {
  const redis = await startService('Redis', startRedis, gone);
  const mongod = await startService('MongoDB', startMongod, gone);
  const [redisUrl, mongoUrl] = [redis.server.url, mongod.server.url];
  const env = {
    KEYBIN_STORE_HOST: mongoUrl,
    KEYBIN_STORE_DATABASE: database,
    KEYBIN_STORE_TOKEN_EXPIRATION: '86400',
    KEYBIN_QUEUE_REDIS: redisUrl,
    KEYBIN_QUEUE_PARTITIONS: String(partitions),
    KEYBIN_QUEUE_SWEEP_AFTER: '5',
    ...unlimited,
  };
  const apis = [1, 2].map((number) => new Target(`API ${number}`, false, () => startApi({ env }), gone));
  const workers = [1, 2].map((number) => new Target(`worker ${number}`, false, () => startWorker({ env }), gone));
  await startAll([...apis, ...workers]);

  const client = new MongoClient(mongoUrl, { serverSelectionTimeoutMS: 500, socketTimeoutMS: 2_000 });
  const stored = new Database(client, storeSettings({ mongoUrl, database }));
  const queue = new Redis(redisUrl, { maxRetriesPerRequest: 0, commandTimeout: 500, enableOfflineQueue: false });
  queue.on('error', () => {}); // it is killed, too
  const userIds = new Map<Life, string>();
  const userIdOf = async (life: Life) => {
    const known = userIds.get(life) ?? (await stored.users.findOne({ username: life.username }))?.user_id;
    if (known !== undefined) userIds.set(life, known);
    return known;
  };

  return {
    engine: 'scale-out',
    targets: [redis.target, mongod.target, ...apis, ...workers],
    faults: faultsOf({ redis: [redis.target], mongod: [mongod.target], apis, workers }),
    get urls() {
      return apis.flatMap(({ url }) => url ?? []);
    },
    async pendingVersion(life, key) {
      try {
        const userId = await userIdOf(life);
        if (userId === undefined) return undefined;
        const entry = await queue.hget(pendingKey(partitionPrefix(partitionOf(userId, partitions)), userId), key);
        return entry?.slice(0, 16);
      } catch {
        return undefined; // Redis or MongoDB is away
      }
    },
    drained: () => drained(redisUrl, partitions),
    leftovers: (shown) => scaleOutLeftovers({ redisUrl, partitions, stored }, shown),
    async close() {
      queue.disconnect();
      await stored.close();
      await Promise.all([...apis, ...workers].map((target) => target.terminate()));
      await Promise.all([redis, mongod].map(({ target }) => target.terminate()));
    },
  };
}

interface Server {
  readonly url: string;
  readonly child: Child;
  start(): Promise<void>;
}

/** A server that is started again on its port and its data. */
async function startService<S extends Server>(name: string, first: () => Promise<S>, gone: (what: string) => void) {
  const server = await first();
  const begin = async () => {
    if (!server.child.alive) await server.start();
    return { child: server.child };
  };
  const target = new Target(name, true, begin, gone);
  await target.start();
  return { server, target };
}

type Targets = readonly Target[];

function faultsOf({ redis, mongod, apis, workers }: Record<'redis' | 'mongod' | 'apis' | 'workers', Targets>): Fault[] {
  const one: [string, Targets][] = [
    ['API', apis],
    ['worker', workers],
    ['Redis', redis],
    ['MongoDB', mongod],
  ];
  const alone = (manner: Fault['manner']) => one.map(([what, among]): Fault => ({ manner, what, among: [among] }));
  return [
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
