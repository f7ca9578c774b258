import type { Redis } from 'ioredis';
import type { Config } from '../../config/config.js';
import { maskCredentials } from '../../config/url-value.js';
import { hasCode } from '../../errors.js';
import type { Log } from '../../log.js';
import type { Engine } from '../../ports.js';
import { unobserved, type WriteObserver } from '../../write-observer.js';
import { GroupCommit } from './accept.js';
import type { Limits } from './accept-command.js';
import { RedisAccountMarks } from './account-marks.js';
import { MongoAccounts } from './accounts.js';
import { CheckedSteps } from './checked-steps.js';
import { openDatabase, type Database } from './database.js';
import { PendingFirstEntries, type EntriesPartition } from './entries.js';
import { ErasureRecords } from './erasure-records.js';
import { FileChunks } from './file-chunks.js';
import { FileDocuments } from './file-documents.js';
import { GridFiles } from './files.js';
import { MongoIdentifyCodes } from './identify-codes.js';
import { claimQueue } from './claim-queue.js';
import { clockKey, partitionOf, partitionPrefix } from './keys.js';
import { LossWatch } from './loss-watch.js';
import { PendingPosts } from './pending-posts.js';
import { PendingFirstPosts, type PostsPartition } from './posts.js';
import { PartitionQueue, statusOfEach } from './queue.js';
import { PartitionedCounters } from './rate-counters.js';
import { PendingReads } from './read.js';
import { whyAway } from './redis-connection.js';
import { redisOf, RedisConnections } from './redis-connections.js';
import { openRedisPlace } from './redis-place.js';
import { checkAllRedisSettings, checkRedisSettings } from './redis-settings.js';
import { scaleOutHealth } from './scale-out-health.js';
import { MongoSecrets } from './secrets.js';
import { StaleReads } from './stale-reads.js';
import { StoredEntries } from './stored-entries.js';
import { StoredPosts } from './stored-posts.js';
import { MongoTokenDocuments } from './token-documents.js';
import { TokenIndex } from './token-index.js';
import { loadTokenScripts, RedisTokenRecords } from './token-records.js';
import { MongoTokens } from './tokens.js';

/** The API's side of the scale-out engine: MongoDB, Redis and BullMQ. Throws an `Error` of one line when it cannot start. */
export async function openMongoEngine(config: Config, log: Log, observer = unobserved): Promise<Engine> {
  const closers: (() => void | Promise<void>)[] = [];
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= closeAll(closers));
  try {
    const { writes, reads, connect } = await openRedis(config, log, closers);
    const database = await openDatabase(config);
    closers.push(() => database.close());
    database.logOutages(log);
    const connections = [writes, reads];
    await claimQueue({ database, connections, partitions: config.queue.partitions, connect }).catch(
      (cause: unknown) => {
        if (!hasCode(cause, 'unavailable')) throw cause;
        throw new Error(`Redis or MongoDB cannot be used: ${whyAway(cause)}`, { cause });
      },
    );
    const queues: PartitionQueue[] = [];
    for (let partition = 0; partition < config.queue.partitions; partition++) {
      const queue = await PartitionQueue.open(writes.of(partition), partition, log, config.times);
      closers.push(() => queue.close());
      queues.push(queue);
    }
    const watch = new LossWatch(writes, [...writes.all, ...reads.all], log, config.times);
    closers.push(() => watch.close());
    void watch.run();
    const location = `${maskCredentials(config.store.host)} and ${maskCredentials(config.queue.redis ?? '')}`;
    return {
      name: 'scale-out',
      location,
      ...assemble({ config, log, observer, writes, reads, database, queues }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface RedisParts {
  readonly writes: RedisConnections;
  readonly reads: RedisConnections;
  readonly connect: (partitions: number) => RedisConnections;
}

/** Connections for what changes something, and others for reads: their answers are not in one queue. */
async function openRedis(
  { queue: { redis: url, durability, partitions }, times }: Pick<Config, 'queue' | 'times'>,
  log: Log,
  closers: (() => void)[],
): Promise<RedisParts> {
  if (url === undefined) throw new Error('[QUEUE] redis is missing: the scale-out engine stages writes there');
  const place = openRedisPlace(url, times);
  closers.push(() => place.close());
  const check = (client: Redis) => checkRedisSettings(client, durability, log);
  const connect = (count: number) => new RedisConnections(place, count, log, { times, check });
  const open = async () => {
    const connections = connect(partitions);
    closers.push(() => connections.close());
    await connections.ready(times.openMs).catch((cause: unknown) => {
      throw new Error(`Redis at ${maskCredentials(url)} cannot be reached: ${whyAway(cause)}`, { cause });
    });
    return connections;
  };
  const [writes, reads] = await Promise.all([open(), open()]);
  await checkAllRedisSettings(place, writes, durability, log);
  return { writes, reads, connect };
}

interface Parts {
  readonly config: Config;
  readonly log: Log;
  readonly observer: WriteObserver;
  readonly writes: RedisConnections;
  readonly reads: RedisConnections;
  readonly database: Database;
  /** One for each partition. */
  readonly queues: readonly PartitionQueue[];
}

/** The engine's ports, each over the parts that it needs. */
function assemble(parts: Parts): Omit<Engine, 'name' | 'location' | 'close'> {
  const { config, observer, writes, reads, database, queues } = parts;
  const { times } = config;
  const documents = new MongoTokenDocuments(database);
  const tokens = new MongoTokens({
    index: new TokenIndex(writes, documents, times),
    records: new RedisTokenRecords(writes, times, loadTokenScripts(), observer),
    documents,
    clientsPerAccount: config.accounts.clientsPerAccount,
    times,
  });
  return {
    accounts: accountsOf(parts),
    tokens,
    ...entriesAndPosts(parts, tokens, documents),
    files: filesOf(parts, tokens),
    identifyCodes: new MongoIdentifyCodes(database, writes.of(0)),
    secrets: new MongoSecrets(database),
    rateCounters: new PartitionedCounters(writes, times),
    health: () => scaleOutHealth({ database, ways: [writes, reads], queue: config.queue }),
    backlog: () => statusOfEach(queues),
  };
}

function accountsOf({ config, database, writes, queues }: Parts): MongoAccounts {
  return new MongoAccounts({
    database,
    clock: writes.of(0),
    marks: new RedisAccountMarks(writes, config.times),
    erasures: new ErasureRecords(database),
    queueOf: (userId) => queueAt(queues, partitionOf(userId, config.queue.partitions)),
  });
}

function filesOf({ config, database, writes, observer }: Parts, tokens: MongoTokens): GridFiles {
  const fileParts = {
    documents: new FileDocuments(database),
    chunks: new FileChunks(database),
    clock: writes.of(0),
    roomBytes: config.accounts.fileBytesPerAccount,
    times: config.times,
    observer,
  };
  return new GridFiles(tokens, fileParts, config.limits.fileBytes);
}

/** Entries and posts share the commits of each partition. */
function entriesAndPosts(
  parts: Parts,
  tokens: MongoTokens,
  documents: MongoTokenDocuments,
): Pick<Engine, 'entries' | 'posts'> {
  const { config, database, writes, reads } = parts;
  const steps = new CheckedSteps(tokens, partitionsOf(parts), config.times);
  const stored = new StoredEntries(database);
  const exact = new PendingFirstEntries(steps, stored);
  const posts = new PendingFirstPosts(steps, exact, new StoredPosts(database.store));
  if (!config.queue.staleReads) return { entries: exact, posts };
  const probe = probeOf(tokens, reads);
  const clockOf = (userId: string) => redisOf(writes, userId);
  return { entries: new StaleReads({ exact, probe, documents, clockOf, stored, times: config.times }), posts };
}

/** What entries and posts are accepted and read by in each partition. */
function partitionsOf({ config, log, observer, writes, reads, queues }: Parts): (EntriesPartition & PostsPartition)[] {
  const { queue: settings, times } = config;
  const limits = limitsOfEach(settings);
  return queues.map((queue, partition) => ({
    commits: new GroupCommit({ partition, connection: writes.of(partition), queue, limits, log, observer, times }),
    entries: new PendingReads(partition, reads.of(partition)),
    posts: new PendingPosts(partition, reads.of(partition)),
  }));
}

/** The share that each partition has of what may be pending. */
const limitsOfEach = ({ partitions, maxBacklog, maxPendingBytes }: Config['queue']): Limits => ({
  maxBacklog: Math.ceil(maxBacklog / partitions),
  maxPendingBytes: Math.ceil(maxPendingBytes / partitions),
});

/** Asks the Redis that has the partition of the token's account for a key, whichever. */
function probeOf(tokens: MongoTokens, reads: RedisConnections): (token: string) => Promise<unknown> {
  return async (token) => {
    const { partition } = await tokens.resolve(token);
    return reads.of(partition).client.exists(clockKey(partitionPrefix(partition)));
  };
}

function queueAt(queues: readonly PartitionQueue[], partition: number): PartitionQueue {
  const queue = queues[partition];
  if (!queue) throw new Error(`there is no partition ${partition}`);
  return queue;
}

/** In reverse order, each even if another one fails. */
async function closeAll(closers: (() => void | Promise<void>)[]): Promise<void> {
  for (const closer of closers.toReversed()) {
    try {
      await closer();
    } catch {
      // what cannot be closed is gone already
    }
  }
}
