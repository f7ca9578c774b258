import type { Redis } from 'ioredis';
import type { Config } from '../../../config/config.js';
import type { Log } from '../../../process/log.js';
import type { Diagnosis } from '../../../ports/operations.js';
import type { TimeBudget } from '../../../time-budget.js';
import { connectDatabase, indexesOf, type Database } from '../mongodb/database.js';
import { openOperatorRedis } from '../redis/operator-redis.js';
import { limitsOfEach } from '../queue/limits.js';
import { refusalOfWrites } from '../queue/write-refusals.js';
import { partitionsWithWorker } from '../queue/read-partition-status.js';
import type { PartitionedConnections } from '../redis/partitioned-redis.js';
import { readSettings, settingsProblems } from '../redis/redis-settings.js';
import { openQueueOperations } from '../queue/queue-operations.js';
import { findQueueId } from '../ownership/find-queue-id.js';
import { adoptionRemedy, describeOthers, waitingInOtherQueues } from '../ownership/other-queues.js';
import { existingQueueIdOf, noQueue } from '../ownership/queue-id.js';
import { messageOf } from '../../../errors.js';

const oldestRedis = [6, 2] as const;
const oldestMongo = [4, 4] as const;
/** Share of a disk, or of Redis's memory, from which it counts as full. */
const fullShare = 0.9;

/** Checks Redis and MongoDB. Changes nothing but a key that expires at once. */
export async function diagnose(config: Config, log: Log): Promise<Diagnosis[]> {
  const [database] = await Promise.allSettled([connectDatabase(config)]);
  const known = database.status === 'fulfilled' ? existingQueueIdOf(database.value) : findQueueId(config);
  const queueId = await known.catch(() => undefined);
  const [redis] = await Promise.allSettled([openOperatorRedis(config, log, { queueId: queueId ?? noQueue })]);
  try {
    const found = await Promise.all([
      lookInto(redis, (opened) => lookAtRedis(opened, config)).catch(redisProblem),
      lookInto(database, lookAtMongo).catch(mongoProblem),
      redis.status === 'fulfilled' && database.status === 'fulfilled'
        ? queueOf(redis.value, database.value, config)
        : [],
      redis.status === 'fulfilled' && queueId !== undefined ? partitionsOf(config, log).catch(redisProblem) : [],
      // A worker waits for MongoDB, too: a missing worker is not the cause then
      redis.status === 'fulfilled' && database.status === 'fulfilled' && queueId !== undefined
        ? workers(redis.value).catch(redisProblem)
        : [],
    ]);
    return found.flat();
  } finally {
    if (redis.status === 'fulfilled') redis.value.close();
    if (database.status === 'fulfilled') await database.value.close();
  }
}

async function lookInto<Opened>(
  opened: PromiseSettledResult<Opened>,
  look: (opened: Opened) => Promise<Diagnosis[]>,
): Promise<Diagnosis[]> {
  if (opened.status === 'rejected') throw opened.reason;
  return look(opened.value);
}

const failed =
  (check: string, remedy: string) =>
  (error: unknown): Diagnosis[] => [{ check, state: 'problem', says: messageOf(error), remedy }];
const redisProblem = failed('redis', 'start Redis, or correct [QUEUE] redis or tls_ca');
const mongoProblem = failed('mongodb', 'start MongoDB, or correct [STORE] host or tls_ca');

async function lookAtRedis(
  redis: PartitionedConnections,
  { queue: { durability }, times }: Config,
): Promise<Diagnosis[]> {
  const found: Diagnosis[] = [];
  for (const { client } of redis.all) {
    const info = await client.info();
    const version = field(info, 'redis_version') ?? '0';
    found.push(versionOf('Redis', version, oldestRedis), await settings(client, durability));
    found.push(memory(info), appendStatus(info), await skew('Redis', await redisTime(client), times));
  }
  return found;
}

/** Checks that Redis takes writes for this store, and that none wait for a store whose place this one has taken. */
async function queueOf(redis: PartitionedConnections, database: Database, config: Config): Promise<Diagnosis[]> {
  const check = 'queue';
  try {
    const queueId = await existingQueueIdOf(database);
    const waiting = await waitingInOtherQueues(redis, queueId ?? noQueue);
    const own =
      queueId === undefined ? 'this store has no queue in Redis yet' : `the queue of this store is ${queueId}`;
    const found: Diagnosis =
      waiting.size === 0
        ? { check, state: 'ok', says: own }
        : { check, state: 'warning', says: `${own}; ${describeOthers(waiting)}`, remedy: adoptionRemedy };
    return [found, ...(queueId === undefined ? [] : [await writes(redis, config)])];
  } catch (error) {
    return failed(check, 'fix Redis and MongoDB first')(error);
  }
}

/** Writes a key that expires at once, as the services do once a second. */
async function writes(redis: PartitionedConnections, { queue }: Config): Promise<Diagnosis> {
  const check = 'writes';
  const refused = await refusalOfWrites({ redis, limits: limitsOfEach(queue) });
  if (refused === undefined) return { check, state: 'ok', says: 'Redis takes writes, and there is room for them' };
  return { check, state: 'problem', says: refused.reason, remedy: refused.remedy };
}

const field = (info: string, name: string) => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1];

function versionOf(name: string, version: string, [major, minor]: readonly [number, number]): Diagnosis {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  const check = `${name.toLowerCase()} version`;
  const isNew = ownMajor > major || (ownMajor === major && ownMinor >= minor);
  if (isNew) return { check, state: 'ok', says: `${name} ${version}` };
  return {
    check,
    state: 'problem',
    says: `${name} ${version} is too old`,
    remedy: `use ${name} ${major}.${minor} or newer`,
  };
}

async function settings(client: Redis, durability: Config['queue']['durability']): Promise<Diagnosis> {
  const check = 'redis settings';
  try {
    const problems = settingsProblems(await readSettings(client), durability);
    if (problems.length === 0) return { check, state: 'ok', says: 'Redis keeps acknowledged writes' };
    return { check, state: 'problem', says: problems.join(' '), remedy: 'change each setting as described' };
  } catch (error) {
    return {
      check,
      state: 'warning',
      says: messageOf(error),
      remedy: 'allow CONFIG GET, or check redis.conf yourself',
    };
  }
}

function memory(info: string): Diagnosis {
  const [used, most] = [Number(field(info, 'used_memory')), Number(field(info, 'maxmemory'))];
  const check = 'redis memory';
  if (most === 0) return { check, state: 'ok', says: `Redis uses ${mib(used)} and has no memory limit` };
  const says = `Redis uses ${mib(used)} of ${mib(most)}`;
  if (used < most * fullShare) return { check, state: 'ok', says };
  return {
    check,
    state: 'problem',
    says,
    remedy: "raise maxmemory, or find out with 'keybin queue status' why so many writes are pending",
  };
}

function appendStatus(info: string): Diagnosis {
  const says = `last write of the append-only file: ${field(info, 'aof_last_write_status') ?? 'unknown'}`;
  if (says.endsWith('ok') || says.endsWith('unknown')) return { check: 'redis disk', state: 'ok', says };
  return { check: 'redis disk', state: 'problem', says, remedy: 'free space on the disk of Redis' };
}

const mib = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;

async function redisTime(client: Redis): Promise<number> {
  const [seconds, micros] = await client.time();
  return Number(seconds) * 1_000 + Number(micros) / 1_000;
}

async function skew(name: string, timeMs: number, { clockSkewMs }: TimeBudget): Promise<Diagnosis> {
  const awayMs = Math.abs(timeMs - Date.now());
  const check = `${name.toLowerCase()} clock`;
  const says = `the clocks of ${name} and this machine differ by ${(awayMs / 1_000).toFixed(1)} s`;
  if (awayMs <= clockSkewMs) return { check, state: 'ok', says };
  return { check, state: 'problem', says, remedy: 'synchronize the clocks with NTP' };
}

/** Finds a paused queue, and rejected writes. */
async function partitionsOf(config: Config, log: Log): Promise<Diagnosis[]> {
  const operations = await openQueueOperations(config, log);
  try {
    const partitions = await operations.status();
    const paused = partitions.filter((each) => each.paused).length;
    const rejected = partitions.reduce((sum, each) => sum + each.rejected, 0);
    return [
      paused === 0
        ? { check: 'pause', state: 'ok', says: 'the queue is not paused' }
        : {
            check: 'pause',
            state: 'warning',
            says: `${paused} of ${partitions.length} partitions are paused: writes are applied late`,
            remedy: "run 'keybin queue resume'",
          },
      rejected === 0
        ? { check: 'rejected writes', state: 'ok', says: 'MongoDB has rejected no write' }
        : {
            check: 'rejected writes',
            state: 'problem',
            says: `MongoDB rejected ${rejected} acknowledged writes`,
            remedy: "run 'keybin queue rejected', remove the cause, then 'keybin queue retry --all'",
          },
    ];
  } finally {
    await operations.close();
  }
}

async function workers(redis: PartitionedConnections): Promise<Diagnosis[]> {
  const without = redis.partitions - (await partitionsWithWorker(redis)).length;
  if (without === 0) return [{ check: 'worker', state: 'ok', says: 'each partition has a running worker' }];
  const says = `${without} of ${redis.partitions} partitions have no running worker`;
  return [{ check: 'worker', state: 'problem', says, remedy: 'start a worker: npm run start:worker' }];
}

async function lookAtMongo(database: Database): Promise<Diagnosis[]> {
  const { db } = database.store;
  const [{ version }, { localTime }] = await Promise.all([
    db.command({ buildInfo: 1 }) as Promise<{ version: string }>, // the documented shape of both answers
    db.command({ hello: 1 }) as Promise<{ localTime?: Date }>,
  ]);
  return [
    versionOf('MongoDB', version, oldestMongo),
    ...(localTime ? [await skew('MongoDB', localTime.getTime(), database.times)] : []),
    await indexes(database),
    await disk(database),
  ];
}

async function indexes(database: Database): Promise<Diagnosis> {
  const missing: string[] = [];
  for (const [collection, wanted] of indexesOf(database)) {
    const there = await collection.indexes().catch(() => []); // the collection does not exist yet
    for (const { key, unique = false } of wanted) {
      const found = there.find((index) => JSON.stringify(index.key) === JSON.stringify(key));
      if (!found || (unique && !found.unique)) missing.push(`${collection.collectionName} ${JSON.stringify(key)}`);
    }
  }
  if (missing.length === 0) return { check: 'indexes', state: 'ok', says: 'all indexes exist' };
  return { check: 'indexes', state: 'problem', says: `missing: ${missing.join(', ')}`, remedy: "run 'keybin prepare'" };
}

async function disk(database: Database): Promise<Diagnosis> {
  const check = 'mongodb disk';
  const stats = await database.store.db.command({ dbStats: 1 }).catch(() => ({}));
  // The documented answer of dbStats
  const { fsUsedSize: used, fsTotalSize: total } = stats as { fsUsedSize?: number; fsTotalSize?: number };
  if (!used || !total) return { check, state: 'ok', says: 'MongoDB does not report its disk usage' };
  const says = `the disk of MongoDB is ${Math.round((100 * used) / total)} % full`;
  if (used < total * fullShare) return { check, state: 'ok', says };
  return { check, state: 'problem', says, remedy: 'free disk space: no write is applied while the disk is full' };
}
