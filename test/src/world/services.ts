import { randomUUID } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { startMongod } from './mongo-server.js';
import { startRedis, type RedisServerOptions } from './redis-server.js';

/** Where the scale-out engine of one suite keeps its data. Known once the suite's `before` hooks have run. */
export interface Services {
  readonly redisUrl: string;
  readonly mongoUrl: string;
  /** A database that no other suite uses. */
  readonly database: string;
  /** The settings of an API or worker process that uses them. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Gives the surrounding suite a Redis and a MongoDB: those of KEYBIN_TEST_REDIS_URL (emptied!) and KEYBIN_TEST_MONGODB_URL,
 * else processes of its own from redis-server and mongod on PATH, stopped after it. Where neither is there one line says so
 * and the suite is skipped; with KEYBIN_TEST_REQUIRE_SERVICES=1 it fails. Suites that stop servers call `ownServers` instead
 * and start them themselves.
 */
export function services(options: RedisServerOptions = {}): Services {
  const undo: (() => Promise<unknown>)[] = [];
  const found = { redisUrl: '', mongoUrl: '', database: `keybin_test_${randomUUID().replaceAll('-', '')}` };

  before('a Redis and a MongoDB', async function () {
    const { KEYBIN_TEST_REDIS_URL: redisUrl, KEYBIN_TEST_MONGODB_URL: mongoUrl } = process.env;
    need(this, [redisUrl ? undefined : 'redis-server', mongoUrl ? undefined : 'mongod']);
    if (redisUrl) {
      found.redisUrl = redisUrl;
      await emptyRedis(redisUrl);
    } else {
      const redis = await startRedis(options);
      found.redisUrl = redis.url;
      undo.push(() => redis.stop());
    }
    if (mongoUrl) {
      found.mongoUrl = mongoUrl;
      undo.push(() => dropDatabase(mongoUrl, found.database));
    } else {
      const mongod = await startMongod();
      found.mongoUrl = mongod.url;
      undo.push(() => mongod.stop());
    }
  });

  after('end of Redis and MongoDB', async () => {
    for (const step of undo.toReversed()) await step();
  });

  return {
    get redisUrl() {
      return found.redisUrl;
    },
    get mongoUrl() {
      return found.mongoUrl;
    },
    database: found.database,
    get env() {
      return {
        KEYBIN_STORE_HOST: found.mongoUrl,
        KEYBIN_STORE_DATABASE: found.database,
        KEYBIN_QUEUE_REDIS: found.redisUrl,
      };
    },
  };
}

/** Skips the surrounding suite like `services` unless the binaries are there, for suites that start and stop servers themselves. */
export function ownServers(...binaries: ('redis-server' | 'mongod')[]): void {
  before(`${binaries.join(' and ')} on PATH`, function () {
    need(this, binaries);
  });
}

function need(context: Mocha.Context, binaries: readonly (string | undefined)[]): void {
  const missing = binaries.filter((binary) => binary !== undefined && !isOnPath(binary));
  if (missing.length === 0) return;
  const suite = context.test?.parent?.fullTitle() ?? 'a suite';
  const reason = `${missing.join(' and ')} not on PATH, and no KEYBIN_TEST_MONGODB_URL / KEYBIN_TEST_REDIS_URL to use instead`;
  if (process.env['KEYBIN_TEST_REQUIRE_SERVICES'] === '1') throw new Error(`${suite} cannot run: ${reason}`);
  process.stderr.write(`\n!!! SKIPPED: ${suite}: ${reason}\n\n`);
  context.skip();
}

function isOnPath(binary: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, binary), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

async function emptyRedis(url: string): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  try {
    await redis.flushdb();
  } finally {
    redis.disconnect();
  }
}

async function dropDatabase(url: string, name: string): Promise<void> {
  const client = new MongoClient(url);
  try {
    await client.db(name).dropDatabase();
  } finally {
    await client.close();
  }
}
