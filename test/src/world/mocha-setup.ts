import { config } from 'chai';
import { calibrate } from './calibration.js';
import { killLeftovers } from './processes/child.js';
import { stopLeftovers } from './processes/keybin-service.js';
import { startMongod, type MongoServer } from './services/mongo-server.js';
import { startRedis, type RedisServer } from './services/redis-server.js';
import { isOnPath } from './services/services.js';

config.truncateThreshold = 0; // a failure shows the whole expected and actual values

/** Hooks that mocha loads. A test file fails if it leaves a process or a service behind. */
export const mochaHooks = {
  async afterAll() {
    const services = await stopLeftovers();
    const processes = killLeftovers(new Set([redis?.child, mongod?.child].filter((child) => child !== undefined)));
    if (processes.length > 0) throw new Error(`Tests left processes behind: ${processes.join(', ')}`);
    if (services.length > 0) throw new Error(`Tests left running: ${services.join(', ')}`);
  },
};

let redis: RedisServer | undefined;
let mongod: MongoServer | undefined;

/**
 * Calibrates the bounds for this machine. Starts the Redis and the MongoDB of this run, unless the environment names
 * others. Each suite has databases of its own there.
 */
export async function mochaGlobalSetup(): Promise<void> {
  calibrate();
  if (!process.env['KEYBIN_TEST_REDIS_URL'] && isOnPath('redis-server')) {
    redis = await startRedis({ args: ['--databases', '1024'] });
    process.env['KEYBIN_TEST_REDIS_URL'] = redis.url;
  }
  if (!process.env['KEYBIN_TEST_MONGODB_URL'] && isOnPath('mongod')) {
    mongod = await startMongod();
    process.env['KEYBIN_TEST_MONGODB_URL'] = mongod.url;
  }
}

export async function mochaGlobalTeardown(): Promise<void> {
  await mongod?.stop();
  await redis?.stop();
}
