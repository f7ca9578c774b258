import type { Config } from '../../config/config.js';
import { maskCredentials } from '../../config/url-kinds.js';
import type { Log } from '../../process/log.js';
import type { Engine } from '../../ports/engine.js';
import { unobserved, type WriteObserver } from '../../ports/write-observer.js';
import type { EngineOptions } from '../../ports/engine-options.js';
import { untilReachable } from '../../process/until-reachable.js';
import { ScaleOutGroupCommit } from './entries/group-commit.js';
import { RedisAccountMarks } from './accounts/account-marks.js';
import { noteFoldedNames } from './accounts/folded-names.js';
import { ScaleOutAccounts } from './accounts/accounts.js';
import { TokenCheckedSteps } from './entries/token-checked-steps.js';
import type { Database } from './mongodb/database.js';
import { openServices } from './open-services.js';
import { ScaleOutEntries, type EntriesPartition } from './entries/entries.js';
import { ErasureRecords } from './accounts/erasure-records.js';
import { FileChunks } from './files/file-chunks.js';
import { FileDocuments } from './files/file-documents.js';
import { ScaleOutFiles } from './files/files.js';
import { ScaleOutIdentifyCodes } from './accounts/identify-codes.js';
import { clockKey, partitionOf } from './redis/keys.js';
import { LossWatch } from './redis/loss-watch.js';
import { PendingPosts } from './posts/pending-posts.js';
import { ScaleOutPosts, type PostsPartition } from './posts/posts.js';
import { PartitionQueue, statusOfEach } from './queue/partition-queue.js';
import { limitsOfEach } from './queue/limits.js';
import { WriteRefusals } from './queue/write-refusals.js';
import { ScaleOutRateCounters } from './accounts/rate-counters.js';
import { PendingReads } from './entries/pending-reads.js';
import { redisOf, type PartitionedConnections } from './redis/partitioned-redis.js';
import { scaleOutHealth } from './operations/health.js';
import { ScaleOutSecrets } from './accounts/secrets.js';
import { StaleReads } from './entries/stale-reads.js';
import { StoredEntries } from './entries/stored-entries.js';
import { StoredPosts } from './posts/stored-posts.js';
import { MongoTokenDocuments } from './tokens/token-documents.js';
import { TokenIndex } from './tokens/token-index.js';
import { loadTokenScripts, RedisTokenRecords } from './tokens/token-records.js';
import { ScaleOutTokens } from './tokens/tokens.js';

/**
 * Opens the API's side of the scale-out engine: MongoDB, Redis and BullMQ. Throws an `Error` with a one-line message if
 * it cannot start, and an `UnreachableError` if that can change by itself.
 */
export async function openScaleOutEngine(
  config: Config,
  log: Log,
  { observer = unobserved, waiting }: EngineOptions = {},
): Promise<Engine> {
  const closers: (() => void | Promise<void>)[] = [];
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= closeAll(closers));
  try {
    const { times } = config;
    const services = await openServices(config, log, {
      ways: 2, // one for writes and one for reads, so that neither queues behind the other's answers
      mongoOperationMs: times.mongoOperationMs,
      redisCommandMs: times.redisCommandMs,
      waiting,
    });
    closers.push(() => services.close());
    if (config.accounts.distinctNames) {
      const note = () => noteFoldedNames(services.database);
      await (waiting ? untilReachable(note, log, waiting) : note());
    }
    const {
      database,
      redis: [writes, reads = writes],
    } = services;
    const queues: PartitionQueue[] = [];
    for (let partition = 0; partition < config.queue.partitions; partition++) {
      const queue = await PartitionQueue.open(writes.connectionOf(partition), partition, log, times);
      closers.push(() => queue.close());
      queues.push(queue);
    }
    const watch = new LossWatch(writes, [...writes.all, ...reads.all], log, times);
    closers.push(() => watch.close());
    void watch.run();
    const refusals = new WriteRefusals({ redis: writes, limits: limitsOfEach(config.queue), log, times });
    closers.push(() => refusals.close());
    void refusals.run();
    const location = `${maskCredentials(config.store.host)} and ${maskCredentials(config.queue.redis ?? '')}`;
    return {
      name: 'scale-out',
      location,
      ...assemble({ config, log, observer, writes, reads, database, queues, refusals }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Parts {
  readonly config: Config;
  readonly log: Log;
  readonly observer: WriteObserver;
  readonly writes: PartitionedConnections;
  readonly reads: PartitionedConnections;
  readonly database: Database;
  /** One per partition, in their order. */
  readonly queues: readonly PartitionQueue[];
  readonly refusals: WriteRefusals;
}

/** Builds each port of the engine from the parts that it needs. */
function assemble(parts: Parts): Omit<Engine, 'name' | 'location' | 'close'> {
  const { config, observer, writes, reads, database, queues, refusals } = parts;
  const { times } = config;
  const documents = new MongoTokenDocuments(database);
  const tokens = new ScaleOutTokens({
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
    identifyCodes: new ScaleOutIdentifyCodes(database, writes.connectionOf(0)),
    secrets: new ScaleOutSecrets(database),
    rateCounters: new ScaleOutRateCounters(writes, times),
    health: () => scaleOutHealth({ database, ways: [writes, reads], queue: config.queue, refusals }),
    backlog: () => statusOfEach(queues),
  };
}

function accountsOf({ config, database, writes, queues }: Parts): ScaleOutAccounts {
  return new ScaleOutAccounts({
    database,
    clock: writes.connectionOf(0),
    marks: new RedisAccountMarks(writes, config.times),
    erasures: new ErasureRecords(database),
    queueOf: (userId) => queueAt(queues, partitionOf(userId, config.queue.partitions)),
  });
}

function filesOf({ config, database, writes, observer }: Parts, tokens: ScaleOutTokens): ScaleOutFiles {
  const fileParts = {
    documents: new FileDocuments(database),
    chunks: new FileChunks(database),
    clock: writes.connectionOf(0),
    roomBytes: config.accounts.fileBytesPerAccount,
    times: config.times,
    observer,
  };
  return new ScaleOutFiles(tokens, fileParts, config.limits.fileBytes);
}

/** Builds entries and posts, which share the commits of each partition. */
function entriesAndPosts(
  parts: Parts,
  tokens: ScaleOutTokens,
  documents: MongoTokenDocuments,
): Pick<Engine, 'entries' | 'posts'> {
  const { config, database, writes, reads } = parts;
  const steps = new TokenCheckedSteps(tokens, partitionsOf(parts), config.times);
  const stored = new StoredEntries(database);
  const exact = new ScaleOutEntries(steps, stored);
  const posts = new ScaleOutPosts(steps, exact, new StoredPosts(database.store));
  if (!config.queue.staleReads) return { entries: exact, posts };
  const probe = probeOf(tokens, reads);
  const clockOf = (userId: string) => redisOf(writes, userId);
  return { entries: new StaleReads({ exact, probe, documents, clockOf, stored, times: config.times }), posts };
}

/** Returns, for each partition, its group commit and its readers of pending entries and posts. */
function partitionsOf({
  config,
  log,
  observer,
  writes,
  reads,
  queues,
  refusals,
}: Parts): (EntriesPartition & PostsPartition)[] {
  const { queue: settings, times } = config;
  const limits = limitsOfEach(settings);
  return queues.map((queue, partition) => ({
    commits: new ScaleOutGroupCommit({
      partition,
      connection: writes.connectionOf(partition),
      queue,
      limits,
      log,
      observer,
      refusals,
      times,
    }),
    entries: new PendingReads(partition, reads.connectionOf(partition)),
    posts: new PendingPosts(partition, reads.connectionOf(partition)),
  }));
}

/** Returns a probe, which sends one command to the Redis that serves the token's account. The key does not matter. */
function probeOf(tokens: ScaleOutTokens, reads: PartitionedConnections): (token: string) => Promise<unknown> {
  return async (token) => {
    const { partition } = await tokens.resolve(token);
    return reads.connectionOf(partition).client.exists(clockKey(reads.prefixOf(partition)));
  };
}

function queueAt(queues: readonly PartitionQueue[], partition: number): PartitionQueue {
  const queue = queues[partition];
  if (!queue) throw new Error(`there is no partition ${partition}`);
  return queue;
}

/** Closes in reverse order. If one closer fails, the others still run. */
async function closeAll(closers: (() => void | Promise<void>)[]): Promise<void> {
  for (const closer of closers.toReversed()) {
    try {
      await closer();
    } catch {
      // a part that cannot be closed is already gone
    }
  }
}
