import { eventually } from '@keybin/test/world/eventually.js';
import { type MongoServer, startMongod } from '@keybin/test/world/services/mongo-server.js';
import { startRedis } from '@keybin/test/world/services/redis-server.js';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { benchSettings, readKeys, type Service, withAccount, writeValues } from './load/accounts.js';
import type { Server } from './compare/product.js';
import type { Scene } from './scene.js';

const drainTimeoutMs = 300_000;
const database = 'keybin';

/** The scale-out engine on servers of its own. A row starts the worker if it needs one. */
export interface ScaleOut extends Service {
  readonly mongod: MongoServer;
  readonly mongo: MongoClient;
  readonly database: string;
  readonly redis: Redis;
  startWorker(): Promise<Server>;
  /** Returns the number of accepted entries that are not settled. */
  pending(): Promise<number>;
  /** Resolves when nothing is pending and no job is waiting or active. */
  drained(): Promise<void>;
}

/** Options that differ between rows. */
export interface ScaleOutOptions {
  readonly durability?: 'always' | 'everysec';
  /** True if the stand-in for mongod skips syncs, which would hide the measured cost. mongod itself ignores it. */
  readonly unsyncedMongod?: boolean;
}

/** Starts redis-server, mongod and one API process with an account. */
export async function startScaleOut(
  scene: Scene,
  { durability = 'always', unsyncedMongod = false }: ScaleOutOptions = {},
): Promise<ScaleOut> {
  const [mongod, redisServer] = await Promise.all([
    startMongod(unsyncedMongod ? { env: { MONGOD_FAST: '1' } } : {}),
    startRedis({ appendfsync: durability }),
  ]);
  const env = {
    ...benchSettings,
    KEYBIN_STORE_HOST: mongod.url,
    KEYBIN_STORE_DATABASE: database,
    KEYBIN_QUEUE_REDIS: redisServer.url,
    KEYBIN_QUEUE_DURABILITY: durability,
  };
  const service = await withAccount(await scene.product.startApi(env));
  const redis = new Redis(redisServer.url);
  scene.defer(() => redis.disconnect());
  const mongo = await new MongoClient(mongod.url).connect();
  scene.defer(() => mongo.close());
  const gauges = async () => (await fetch(`${service.api.url}/metrics`)).text();
  const pending = async () => sum(await gauges(), 'keybin_pending_entries');
  const isDrained = async () => {
    const text = await gauges();
    return sum(text, 'keybin_pending_entries') === 0 && sum(text, 'keybin_jobs', /state="(waiting|active)"/) === 0;
  };
  return {
    ...service,
    mongod,
    mongo,
    database,
    redis,
    startWorker: () => scene.product.startWorker(env),
    pending,
    drained: async () => {
      await eventually(isDrained, 'all writes to be applied', drainTimeoutMs);
    },
  };
}

/**
 * Starts the same with a worker and the values that GET rows read. All values are in MongoDB, and the worker is then
 * stopped (SIGSTOP).
 */
export async function startWithStoredValues(scene: Scene): Promise<{ service: ScaleOut; worker: Server }> {
  const service = await startScaleOut(scene);
  const worker = await service.startWorker();
  await writeValues(service, readKeys);
  await service.drained();
  await worker.child.kill('SIGSTOP');
  return { service, worker };
}

/** Sums a metric in the Prometheus text format over the samples whose labels match. Throws if there is none. */
function sum(text: string, metric: string, labels = /^/): number {
  const values = [...text.matchAll(new RegExp(`^${metric}{(.*)} (.+)$`, 'gm'))].filter(([, found]) =>
    labels.test(found ?? ''),
  );
  if (values.length === 0) throw new Error(`The API does not tell ${metric}`);
  return values.reduce((total, [, , value]) => total + Number(value), 0);
}
