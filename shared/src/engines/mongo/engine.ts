import type { Config } from '../../config/config.js';
import type { Log } from '../../log.js';
import type { Engine } from '../../ports.js';
import { unobserved, type WriteObserver } from '../../write-observer.js';
import { GroupCommit } from './accept.js';
import { RedisAccountMarks } from './account-marks.js';
import { MongoAccounts } from './accounts.js';
import { openDatabase, type Database } from './database.js';
import { PendingFirstEntries } from './entries.js';
import { ErasureRecords } from './erasure-records.js';
import { clockKey, partitionOf, partitionPrefix } from './keys.js';
import { LossWatch } from './loss-watch.js';
import { claimPartitions } from './partitions.js';
import { PendingPosts } from './pending-posts.js';
import { PendingFirstPosts } from './posts.js';
import { PartitionQueue } from './queue.js';
import { PendingReads } from './read.js';
import { RedisConnection } from './redis-connection.js';
import { checkRedisSettings } from './redis-settings.js';
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
    const [writes, reads] = await openRedis(config.queue, log, closers);
    const database = await openDatabase(config.store);
    closers.push(() => database.close());
    database.logOutages(log);
    await claimPartitions(database.settings, writes.client, config.queue.partitions);
    const queues: PartitionQueue[] = [];
    for (let partition = 0; partition < config.queue.partitions; partition++) {
      const queue = await PartitionQueue.open(writes, partition, log);
      closers.push(() => queue.close());
      queues.push(queue);
    }
    const watch = new LossWatch(writes, config.queue.partitions, log);
    closers.push(() => watch.close());
    void watch.run();
    const location = `${withoutCredentials(config.store.host)} and ${withoutCredentials(config.queue.redis ?? '')}`;
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

/**
 * Two connections, one for what changes something and one for reads: their answers are not in one queue. A key that names the
 * life of Redis is made and sent on the same one.
 */
async function openRedis(
  { redis: url, durability }: Config['queue'],
  log: Log,
  closers: (() => void)[],
): Promise<[writes: RedisConnection, reads: RedisConnection]> {
  if (url === undefined) throw new Error('[QUEUE] redis is missing: the scale-out engine stages writes there');
  const open = async () => {
    const connection = new RedisConnection(url, log);
    closers.push(() => connection.close());
    await connection.ready(openTimeoutMs).catch((cause: unknown) => {
      throw new Error(`Redis at ${withoutCredentials(url)} cannot be reached`, { cause });
    });
    return connection;
  };
  const [writes, reads] = await Promise.all([open(), open()]);
  await checkRedisSettings(writes.client, durability, log);
  return [writes, reads];
}

interface Parts {
  readonly config: Config;
  readonly log: Log;
  readonly writes: RedisConnection;
  readonly reads: RedisConnection;
  readonly observer: WriteObserver;
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
    index: new TokenIndex(writes, documents, partitions),
    records: new RedisTokenRecords(writes),
    documents,
    clientsPerAccount: config.accounts.clientsPerAccount,
  });
  const accounts = new MongoAccounts({
    database,
    clock: writes,
    marks: new RedisAccountMarks(writes, partitions),
    erasures: new ErasureRecords(database),
    queueOf: (userId) => queueAt(queues, partitionOf(userId, partitions)),
  });
  const limits = {
    maxBacklog: Math.ceil(maxBacklog / partitions),
    maxPendingBytes: Math.ceil(maxPendingBytes / partitions),
  };
  const stored = new StoredEntries(database.store);
  const commits = queues.map(
    (queue, partition) => new GroupCommit({ partition, connection: writes, queue, limits, log, observer }),
  );
  const exact = new PendingFirstEntries(
    tokens,
    commits.map((commit, partition) => ({ commits: commit, pending: new PendingReads(partition, reads) })),
    stored,
  );
  const posts = new PendingFirstPosts(
    tokens,
    commits.map((commit, partition) => ({ commits: commit, pending: new PendingPosts(partition, reads) })),
    exact,
    new StoredPosts(database.store),
  );
  const probe = () => Promise.all(queues.map((_queue, at) => reads.client.exists(clockKey(partitionPrefix(at)))));
  const entries = staleReads ? new StaleReads({ exact, probe, documents, clock: writes, stored }) : exact;
  const health = () => scaleOutHealth({ database, connections: [writes, reads], staleReads });
  return { accounts, tokens, entries, posts, secrets: new MongoSecrets(database), health };
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

/** A URL that may be printed. A MongoDB URL with several hosts is no URL to `URL`. */
const withoutCredentials = (url: string) => url.replace(/\/\/[^/]*@/, '//').replace(/[?].*$/, '');
