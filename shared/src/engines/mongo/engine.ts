import type { Redis } from 'ioredis';
import type { Config } from '../../config/config.js';
import { maskCredentials } from '../../config/url-value.js';
import { hasCode } from '../../errors.js';
import type { Log } from '../../log.js';
import type { Engine } from '../../ports.js';
import { unobserved, type WriteObserver } from '../../write-observer.js';
import { GroupCommit } from './accept.js';
import { RedisAccountMarks } from './account-marks.js';
import { MongoAccounts } from './accounts.js';
import { CheckedSteps } from './checked-steps.js';
import { openDatabase, type Database } from './database.js';
import { PendingFirstEntries } from './entries.js';
import { ErasureRecords } from './erasure-records.js';
import { FileChunks } from './file-chunks.js';
import { FileDocuments } from './file-documents.js';
import { GridFiles } from './files.js';
import { MongoIdentifyCodes } from './identify-codes.js';
import { claimQueue } from './claim-queue.js';
import { clockKey, partitionOf, partitionPrefix } from './keys.js';
import { LossWatch } from './loss-watch.js';
import { PendingPosts } from './pending-posts.js';
import { PendingFirstPosts } from './posts.js';
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
import { RedisTokenRecords } from './token-records.js';
import { MongoTokens } from './tokens.js';

const openTimeoutMs = 5_000;

/** The API's side of the scale-out engine: MongoDB, Redis and BullMQ. Throws an `Error` of one line when it cannot start. */
export async function openMongoEngine(config: Config, log: Log, observer = unobserved): Promise<Engine> {
  const closers: (() => void | Promise<void>)[] = [];
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= closeAll(closers));
  try {
    const { writes, reads, connect } = await openRedis(config.queue, log, closers);
    const database = await openDatabase(config.store);
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
      const queue = await PartitionQueue.open(writes.of(partition), partition, log);
      closers.push(() => queue.close());
      queues.push(queue);
    }
    const watch = new LossWatch(writes, [...writes.all, ...reads.all], log);
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
  { redis: url, durability, partitions }: Config['queue'],
  log: Log,
  closers: (() => void)[],
): Promise<RedisParts> {
  if (url === undefined) throw new Error('[QUEUE] redis is missing: the scale-out engine stages writes there');
  const place = openRedisPlace(url);
  closers.push(() => place.close());
  const check = (client: Redis) => checkRedisSettings(client, durability, log);
  const connect = (count: number) => new RedisConnections(place, count, log, { check });
  const open = async () => {
    const connections = connect(partitions);
    closers.push(() => connections.close());
    await connections.ready(openTimeoutMs).catch((cause: unknown) => {
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

function assemble({
  config,
  log,
  observer,
  writes,
  reads,
  database,
  queues,
}: Parts): Omit<Engine, 'name' | 'location' | 'close'> {
  const { partitions, maxBacklog, maxPendingBytes, staleReads } = config.queue;
  const documents = new MongoTokenDocuments(database);
  const tokens = new MongoTokens({
    index: new TokenIndex(writes, documents),
    records: new RedisTokenRecords(writes),
    documents,
    clientsPerAccount: config.accounts.clientsPerAccount,
  });
  const accounts = new MongoAccounts({
    database,
    clock: writes.of(0),
    marks: new RedisAccountMarks(writes),
    erasures: new ErasureRecords(database),
    queueOf: (userId) => queueAt(queues, partitionOf(userId, partitions)),
  });
  const limits = {
    maxBacklog: Math.ceil(maxBacklog / partitions),
    maxPendingBytes: Math.ceil(maxPendingBytes / partitions),
  };
  const stored = new StoredEntries(database.store);
  const partitionSteps = queues.map((queue, partition) => ({
    commits: new GroupCommit({ partition, connection: writes.of(partition), queue, limits, log, observer }),
    entries: new PendingReads(partition, reads.of(partition)),
    posts: new PendingPosts(partition, reads.of(partition)),
  }));
  const steps = new CheckedSteps(tokens, partitionSteps);
  const exact = new PendingFirstEntries(steps, stored);
  const posts = new PendingFirstPosts(steps, exact, new StoredPosts(database.store));
  const probe = async (token: string) => {
    const { partition } = await tokens.resolve(token);
    await reads.of(partition).client.exists(clockKey(partitionPrefix(partition)));
  };
  const clockOf = (userId: string) => redisOf(writes, userId);
  const entries = staleReads ? new StaleReads({ exact, probe, documents, clockOf, stored }) : exact;
  const fileParts = {
    documents: new FileDocuments(database),
    chunks: new FileChunks(database),
    clock: writes.of(0),
    roomBytes: config.accounts.fileBytesPerAccount,
  };
  const files = new GridFiles(tokens, fileParts, config.limits.fileBytes);
  const health = () => scaleOutHealth({ database, ways: [writes, reads], queue: config.queue });
  const rateCounters = new PartitionedCounters(writes);
  const backlog = () => statusOfEach(queues);
  return {
    accounts,
    tokens,
    entries,
    posts,
    files,
    identifyCodes: new MongoIdentifyCodes(database, writes.of(0)),
    secrets: new MongoSecrets(database),
    rateCounters,
    health,
    backlog,
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
