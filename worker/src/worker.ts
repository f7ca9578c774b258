import { setMaxListeners } from 'node:events';
import type { Config } from '@keybin/shared/config/config.js';
import { RedisAccountMarks } from '@keybin/shared/engines/scale-out/accounts/account-marks.js';
import { RejectedWrites } from '@keybin/shared/engines/scale-out/queue/rejected-writes.js';
import { ErasureRecords } from '@keybin/shared/engines/scale-out/accounts/erasure-records.js';
import { FileDocuments } from '@keybin/shared/engines/scale-out/files/file-documents.js';
import { eraserKey, fileSweeperKey, partitionOf, sweeperKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { WriteRefusals } from '@keybin/shared/engines/scale-out/queue/write-refusals.js';
import { limitsOfEach } from '@keybin/shared/engines/scale-out/queue/limits.js';
import type { Health } from '@keybin/shared/ports/health.js';
import { LossWatch } from '@keybin/shared/engines/scale-out/redis/loss-watch.js';
import { PartitionQueue, statusOfEach } from '@keybin/shared/engines/scale-out/queue/partition-queue.js';
import type { Lifecycle } from '@keybin/shared/process/lifecycle.js';
import type { Log } from '@keybin/shared/process/log.js';
import { collectCertificateMetrics } from '@keybin/shared/metrics/certificate-metrics.js';
import { collectDependencyMetrics } from '@keybin/shared/metrics/dependency-metrics.js';
import { Applier, type ApplyObserver } from './apply/applier.js';
import { eraseDocuments } from './sweep/erase-documents.js';
import { repeatErasures } from './sweep/repeat-erasures.js';
import { JobBatcher } from './apply/job-batcher.js';
import { writeEntriesTo } from './apply/write-entries.js';
import { LeasedLoop } from './sweep/leased-loop.js';
import type { RetryOptions } from './apply/retry.js';
import { Overdue } from './sweep/overdue.js';
import { RequestOrigins } from './apply/request-origins.js';
import { PartitionWorker } from './jobs/partition-worker.js';
import { readPending } from './apply/read-pending.js';
import { startMonitoring } from './monitoring/monitoring.js';
import { openWorkerServices, workerHealth, type WorkerServices } from './worker-services.js';
import { settleBy } from './apply/settle.js';
import { redisTimeUs, sweepEntries } from './sweep/sweep-entries.js';
import { sweepFiles } from './sweep/sweep-files.js';
import { WorkerMetrics } from './monitoring/worker-metrics.js';

interface Context extends WorkerServices {
  readonly config: Config;
  readonly lifecycle: Lifecycle;
  readonly observer: ApplyObserver;
  /** One queue for each partition. */
  readonly queues: readonly PartitionQueue[];
  readonly patience: RetryOptions;
  readonly log: Log;
}

/** Work that runs until it is closed. Closing takes `timeoutMs` at most. */
interface Work {
  start(): void;
  close(timeoutMs: number): Promise<void>;
}

/**
 * Applies what API processes have accepted. There is one consumer and one sweeper for each partition, one loop that
 * repeats erasures, and one that removes the bytes of files. Waits while Redis or MongoDB is down, and resolves when
 * all are running. `lifecycle` shuts them down, the last one first: consumers, sweepers and loops; queues; watch;
 * Redis; MongoDB; monitoring.
 */
export async function startWorker(config: Config, lifecycle: Lifecycle, log: Log): Promise<void> {
  if (config.queue.redis === undefined) {
    throw new Error(
      'A worker needs [STORE] host = mongodb://... and [QUEUE] redis = redis://...: the embedded engine has no worker',
    );
  }
  const metrics = new WorkerMetrics(log);
  collectCertificateMetrics(metrics, config);
  const descriptors = metrics.watchDescriptors(log, config.times);
  lifecycle.push('descriptor watch', () => descriptors.close());
  const connected: { health?: () => Promise<Health> } = {};
  const health = async () => connected.health?.();
  await startMonitoring(config, { metrics, health }, lifecycle, log);
  const services = await openWorkerServices(config, lifecycle, log);
  const refusals = new WriteRefusals({
    redis: services.redis,
    limits: limitsOfEach(config.queue),
    log,
    times: config.times,
  });
  lifecycle.push('write refusals', () => refusals.close());
  void refusals.run();
  const healthOfServices = () => workerHealth(services, config.queue, refusals);
  connected.health = healthOfServices;
  const watch = new LossWatch(services.redis, services.redis.all, log, config.times);
  lifecycle.push('loss watch', () => watch.close());
  void watch.run();
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // one listener per partition and running attempt is no leak
  const drainMs = config.limits.drainTimeoutSeconds * 1_000;
  const graceMs = drainMs * config.times.batchesShare;
  const queues: PartitionQueue[] = [];
  for (let partition = 0; partition < config.queue.partitions; partition += 1) {
    const queue = await PartitionQueue.open(services.redis.connectionOf(partition), partition, log, config.times);
    lifecycle.push(`queue ${partition}`, () => queue.close());
    queues.push(queue);
  }
  const context = {
    ...services,
    config,
    lifecycle,
    observer: metrics,
    queues,
    log,
    patience: { log, closing: closing.signal, graceMs },
  };
  const work: Work[] = [eraser(context), fileSweeper(context)];
  for (const [partition, queue] of queues.entries()) work.push(...openPartition(context, partition, queue));
  collectDependencyMetrics(metrics, {
    health: healthOfServices,
    backlog: () => statusOfEach(queues),
    timeoutMs: config.times.gaugesMs,
  });
  lifecycle.push('jobs and sweepers', async () => {
    closing.abort();
    await Promise.all(work.map((each) => each.close(drainMs * config.times.drainedJobsShare)));
  });
  for (const each of work) each.start();
  log.info({ partitions: config.queue.partitions }, 'Worker is ready');
}

function openPartition(context: Context, partition: number, queue: PartitionQueue): Work[] {
  const { config, place, redis: all, database, observer, patience, log } = context;
  const { times } = config;
  const redis = all.connectionOf(partition);
  const { batchEntries, concurrency } = config.worker;
  const prefix = all.prefixOf(partition);

  const rejectedWrites = new RejectedWrites(redis, prefix);
  const records = new ErasureRecords(database);
  const origins = new RequestOrigins();
  const applier = new Applier(
    {
      read: (names) => readPending(redis, prefix, names),
      write: writeEntriesTo(database.store, times.batchMs),
      settle: settleBy(redis, prefix, { observer }),
      reject: (entry, reason) => rejectedWrites.reject(entry, reason, (job) => queue.add(job)),
    },
    patience,
    {
      batchMs: times.batchMs,
      observer,
      timeUs: () => redis.timeUs,
      requestOf: (entry) => origins.requestOf(entry),
    },
  );

  const jobBatcher = new JobBatcher((names) => applier.apply(names), batchEntries, concurrency);
  patience.closing.addEventListener('abort', () => jobBatcher.close());
  const worker = new PartitionWorker({
    connect: (options) => place.connect(prefix, options),
    partition,
    prefix,
    concurrency,
    jobBatcher,
    origins,
    rejectedWrites,
    // A job can be made by hand, so the record decides whether the account is erased
    erase: async (userId) => {
      if (await records.has(userId)) await eraseAccount(context, userId);
    },
    patience,
    log,
    times,
  });
  const overdue = new Overdue(config.queue.sweepAfterSeconds);
  const sweeper = new LeasedLoop(
    'Sweeping',
    () =>
      sweepEntries({
        redis,
        prefix,
        apply: (names) => applier.apply(names),
        overdue,
        batchEntries,
        log,
      }),
    { redis, leaseKey: sweeperKey(prefix), times, log, observer },
  );
  return [worker, sweeper];
}

/** Erases the rest of an account after its pending entries have gone. */
async function eraseAccount({ database, redis, queues }: Context, userId: string): Promise<void> {
  await eraseDocuments(database, redis, userId);
  await queues[partitionOf(userId, queues.length)]?.forgetRejected(userId);
}

function eraser(context: Context): Work {
  const { config, redis, database, log, observer } = context;
  const { times } = config;
  const parts = {
    records: new ErasureRecords(database),
    marks: new RedisAccountMarks(redis, times),
    eraseDocuments: (userId: string) => eraseAccount(context, userId),
    times,
  };
  return new LeasedLoop(
    'Repeating erasures',
    async () => repeatErasures(new Date((await redisTimeUs(redis.connectionOf(0))) / 1_000), parts),
    { redis: redis.connectionOf(0), leaseKey: eraserKey(redis.prefixOf(0)), times, log, observer },
  );
}

function fileSweeper({ config: { times }, redis, database, log, observer }: Context): Work {
  const parts = { documents: new FileDocuments(database), chunks: database.chunks, times };
  return new LeasedLoop(
    'Sweeping files',
    async () => sweepFiles(new Date((await redisTimeUs(redis.connectionOf(0))) / 1_000), parts),
    {
      redis: redis.connectionOf(0),
      leaseKey: fileSweeperKey(redis.prefixOf(0)),
      times,
      log,
      observer,
    },
  );
}
