import type { Redis } from 'ioredis';
import { UnrecoverableError, WaitingError, Worker, type Job } from 'bullmq';
import { settledWithin } from '@keybin/shared/deadline.js';
import type { RejectedWrites } from '@keybin/shared/engines/scale-out/queue/rejected-writes.js';
import type {
  EntriesJobData,
  EntriesJobName,
  RejectedJob,
} from '@keybin/shared/engines/scale-out/queue/partition-queue.js';
import { partitionPrefix, queueName } from '@keybin/shared/engines/scale-out/redis/keys.js';
import type { ConnectOptions } from '@keybin/shared/engines/scale-out/redis/redis-topology.js';
import { InvariantError } from '@keybin/shared/invariant.js';
import type { Log } from '@keybin/shared/process/log.js';
import type { TimeBudget } from '@keybin/shared/time-budget.js';
import type { JobBatcher } from '../apply/job-batcher.js';
import { checkedEntriesJob } from './entries-job.js';
import { requestsOf, type RequestOrigins } from '../apply/request-origins.js';
import { Abandoned, retryThroughOutage, type RetryOptions } from '../apply/retry.js';

type QueuedJob = Job<EntriesJobData, void, EntriesJobName>;

export interface PartitionWorkerOptions {
  /** Connects to the Redis that has the partition. */
  readonly connect: (options: ConnectOptions) => Redis;
  readonly partition: number;
  /** Jobs that are active at once. */
  readonly concurrency: number;
  readonly gatherer: Pick<JobBatcher, 'add'>;
  readonly origins: RequestOrigins;
  readonly rejectedWrites: Pick<RejectedWrites, 'takeBack' | 'find'>;
  /** Erases an account that is to be erased; nothing of any other. */
  readonly erase: (userId: string) => Promise<void>;
  readonly patience: RetryOptions;
  readonly log: Log;
  readonly times: Pick<TimeBudget, 'jobLockMs' | 'stalledJobsMs'>;
}

/**
 * Takes the jobs of one partition. A job is complete when nothing that it names is pending as it was any more; it fails only if
 * it is `rejected`, or if an invariant does not hold: then the sweeper tries its entries again. Jobs that cannot be finished when
 * the worker ends go back to the queue.
 */
export class PartitionWorker {
  readonly #worker: Worker<EntriesJobData, void, EntriesJobName>;
  readonly #connection: Redis;

  constructor(private readonly options: PartitionWorkerOptions) {
    const { connect, partition, concurrency, log, times } = options;
    this.#connection = connect({
      maxRetriesPerRequest: null, // BullMQ demands it: its commands wait for Redis to come back
      retryStrategy: (attempt) => Math.min(50 * attempt, 1_000),
    });
    this.#connection.on('error', (error) => log.debug({ err: error }, 'Redis connection of BullMQ failed'));
    this.#worker = new Worker(queueName, (job, token) => this.#process(job, token), {
      connection: this.#connection,
      prefix: partitionPrefix(partition),
      concurrency,
      autorun: false,
      // The job of a worker that died is taken up after 5 to 7 s; the defaults make that 30 to 90
      lockDuration: times.jobLockMs,
      stalledInterval: times.stalledJobsMs,
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      runRetryDelay: times.stalledJobsMs,
    });
    this.#worker.on('error', (error) => log.debug({ err: error, partition }, 'BullMQ worker'));
  }

  start(): void {
    this.#worker.run().catch((error: unknown) => this.options.log.error({ err: error }, 'BullMQ worker ended'));
  }

  /** Waits for the active jobs, `timeoutMs` at most; others may take up those that are still active some seconds later. */
  async close(timeoutMs: number): Promise<void> {
    await settledWithin(this.#worker.close(), timeoutMs);
    this.#connection.disconnect();
  }

  async #process(job: QueuedJob, token: string | undefined): Promise<void> {
    try {
      await this.#do(job);
    } catch (error) {
      if (error instanceof InvariantError) throw new UnrecoverableError(String(error.cause)); // left to the sweeper
      if (!(error instanceof Abandoned)) throw error;
      await job.moveToWait(token);
      throw new WaitingError();
    }
  }

  async #do(job: QueuedJob): Promise<void> {
    const { name, data } = checkedEntriesJob(job.name, job.data);
    switch (name) {
      case 'apply':
        this.options.origins.note(data);
        await this.options.gatherer.add(data.entries);
        this.options.log.debug({ job: job.id, ...requestsOf(data) }, 'Applied');
        return undefined;
      case 'erase':
        return retryThroughOutage('Erasing an account', () => this.options.erase(data.userId), this.options.patience);
      case 'rejected':
        return this.#showOrRetry(data, job.attemptsMade > 0);
    }
  }

  /** The first run only shows why the write was rejected. An operator retries the job when the cause is gone. */
  async #showOrRetry(rejected: RejectedJob['data'], retried: boolean): Promise<void> {
    const { gatherer, rejectedWrites, patience } = this.options;
    if (!retried) throw new UnrecoverableError(rejected.reason);
    await retryThroughOutage('Taking back a rejected write', () => rejectedWrites.takeBack(rejected), patience);
    await gatherer.add([[rejected.userId, [rejected.key]]]);
    const again = await retryThroughOutage(
      'Looking at a rejected write',
      () => rejectedWrites.find(rejected),
      patience,
    );
    if (again) throw new UnrecoverableError(again.reason);
  }
}
