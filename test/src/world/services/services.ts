import { randomUUID } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { startMongod, type MongoServer } from './mongo-server.js';
import { startRedis, type RedisServer } from './redis-server.js';
import { skipSuite } from '../skip-suite.js';

const urlInstead = 'KEYBIN_TEST_REDIS_URL and KEYBIN_TEST_MONGODB_URL may name others';
const ownNeeded = 'it stops and kills them, so others do not do';

/** Redis and MongoDB of one suite on the scale-out engine. Known once the suite's `before` hooks have run. */
export interface Services {
  readonly redisUrl: string;
  readonly mongoUrl: string;
  /** Name of a database that no other suite uses. */
  readonly database: string;
  /** Settings of an API or worker process that uses them. */
  readonly env: Readonly<Record<string, string>>;
}

/** Services that the suite may stop, kill and start again. */
export interface OwnServices extends Services {
  readonly redis: RedisServer;
  readonly mongod: MongoServer;
}

/**
 * Gives the surrounding suite an empty Redis database and a MongoDB database on the servers of the run. These are the
 * ones in KEYBIN_TEST_REDIS_URL (emptied!) and KEYBIN_TEST_MONGODB_URL, else those that the run has started from PATH.
 * Without them the suite is skipped and prints why; with KEYBIN_TEST_REQUIRE_SERVICES=1 it fails.
 */
export function services(): Services {
  const shared = arrange(
    () => [process.env['KEYBIN_TEST_REDIS_URL'], process.env['KEYBIN_TEST_MONGODB_URL']],
    urlInstead,
  );
  return {
    get redisUrl() {
      return shared.redisUrl;
    },
    get mongoUrl() {
      return shared.mongoUrl;
    },
    database: shared.database,
    get env() {
      return shared.env;
    },
  };
}

/** Gives the surrounding suite its own processes, which it may harm. Otherwise the same as `services`. */
export function ownServices(): OwnServices {
  return arrange(() => [undefined, undefined], ownNeeded);
}

/** Returns the settings of processes that use these services. */
export const settingsOf = ({ mongoUrl, database, redisUrl }: Omit<Services, 'env'>) => ({
  KEYBIN_STORE_HOST: mongoUrl,
  KEYBIN_STORE_DATABASE: database,
  KEYBIN_QUEUE_REDIS: redisUrl,
});

/** Registers the hooks. `given` returns the URLs of a Redis and a MongoDB that already run. */
function arrange(given: () => [redis: string | undefined, mongo: string | undefined], instead: string): OwnServices {
  let redis: RedisServer | undefined;
  let mongod: MongoServer | undefined;
  let redisUrl: string | undefined;
  let mongoUrl: string | undefined;
  const database = `keybin_test_${randomUUID().replaceAll('-', '')}`;

  before('a Redis and a MongoDB', async function () {
    const [givenRedis, givenMongo] = given();
    mongoUrl = givenMongo;
    need(this, [...(givenRedis ? [] : ['redis-server']), ...(givenMongo ? [] : ['mongod'])], instead);
    if (givenRedis) redisUrl = await emptyDatabase(givenRedis);
    else redis = await startRedis();
    if (!givenMongo) mongod = await startMongod();
  });

  after('end of Redis and MongoDB', async () => {
    if (mongoUrl) await dropDatabase(mongoUrl, database);
    await mongod?.stop();
    await redis?.stop();
  });

  return {
    get redis() {
      return started(redis);
    },
    get mongod() {
      return started(mongod);
    },
    get redisUrl() {
      return redisUrl ?? this.redis.url;
    },
    get mongoUrl() {
      return mongoUrl ?? this.mongod.url;
    },
    database,
    get env() {
      return settingsOf(this);
    },
  };
}

function started<Server>(server: Server | undefined): Server {
  if (server === undefined) throw new Error('A server was asked for before it was started');
  return server;
}

/**
 * Skips the surrounding suite as `services` does if a binary is missing. For suites that start and stop servers
 * themselves.
 */
export function ownServers(...binaries: ('redis-server' | 'redis-sentinel' | 'mongod')[]): void {
  before(`${binaries.join(' and ')} on PATH`, function () {
    need(this, binaries, ownNeeded);
  });
}

/** Skips the surrounding suite in the same way if one of these programs of the operating system is missing. */
export function programs(
  ...names: (
    | 'bash'
    | 'buildah'
    | 'caddy'
    | 'chromium'
    | 'curl'
    | 'docker-compose'
    | 'faketime'
    | 'gcc'
    | 'mmdebstrap'
    | 'mongod'
    | 'nginx'
    | 'openssl'
    | 'prlimit'
    | 'prometheus'
    | 'prometheus-alertmanager'
    | 'promtool'
    | 'redis-sentinel'
    | 'redis-server'
    | 'systemd-analyze'
    | 'wget'
    | 'zsh'
  )[]
): void {
  before(`${names.join(' and ')} on PATH`, function () {
    need(this, names, 'a package of the operating system');
  });
}

function need(context: Mocha.Context, binaries: readonly string[], instead: string): void {
  const missing = binaries.filter((binary) => !isOnPath(binary));
  if (missing.length > 0) skipSuite(context, `${missing.join(' and ')} not on PATH (${instead})`);
}

/** True if a program of this name is on PATH. */
export function isOnPath(binary: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, binary), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Counter of used databases. They are taken in turn, so a database is reused as late as possible. */
const databaseCounter = 'keybin-test:databases';

/** Empties the next database of a Redis and returns its URL. Database 0 has the counter. */
async function emptyDatabase(url: string): Promise<string> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  try {
    const [, databases] = await redis.config('GET', 'databases');
    const number = ((await redis.incr(databaseCounter)) % (Number(databases) - 1)) + 1;
    await redis.select(number);
    await redis.flushdb();
    return new URL(`/${number}`, url).href;
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
