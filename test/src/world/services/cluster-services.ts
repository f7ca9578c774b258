import { randomUUID } from 'node:crypto';
import { startMongod, type MongoServer } from './mongo-server.js';
import { startRedisCluster, type RedisCluster } from './redis-cluster.js';
import { ownServers, settingsOf, type Services } from './services.js';

/** A Redis Cluster with a node for each of three partitions, and MongoDB. The suite may kill them. */
export interface ClusterServices extends Services {
  readonly cluster: RedisCluster;
  readonly mongod: MongoServer;
}

/** Gives them to the surrounding suite. Their settings, with the number of partitions, are in `env`. */
export function clusterServices(): ClusterServices {
  let started: { readonly cluster: RedisCluster; readonly mongod: MongoServer } | undefined;
  const database = `keybin_test_${randomUUID().replaceAll('-', '')}`;
  const get = () => {
    if (!started) throw new Error('A server was asked for before it was started');
    return started;
  };

  ownServers('redis-server', 'mongod');
  before('a Redis Cluster and a MongoDB', async function () {
    this.timeout(60_000); // the nodes join slowly on a busy machine
    const [cluster, mongod] = await Promise.all([startRedisCluster(), startMongod()]);
    await cluster.giveQueue({ mongoUrl: mongod.url, database });
    started = { cluster, mongod };
  });
  after('end of the Redis Cluster and MongoDB', async () => {
    await started?.mongod.stop();
    await started?.cluster.stop();
  });

  return {
    get cluster() {
      return get().cluster;
    },
    get mongod() {
      return get().mongod;
    },
    get redisUrl() {
      return get().cluster.url;
    },
    get mongoUrl() {
      return get().mongod.url;
    },
    database,
    get env() {
      return { ...settingsOf(this), KEYBIN_QUEUE_PARTITIONS: String(this.cluster.nodes.length) };
    },
  };
}
