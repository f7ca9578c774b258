import type { Redis } from 'ioredis';
import { UnrecoverableError, WaitingError, Worker, type Job } from 'bullmq';
import { settledWithin } from '@keybin/shared/deadline.js';
import type { RejectedWrites } from '@keybin/shared/engines/scale-out/queue/rejected-writes.js';
import type {
  EntriesJobData,
  EntriesJobName,
  RejectedJob,
} from '@keybin/shared/engines/scale-out/queue/partition-queue.js';
import { queueName } from '@keybin/shared/engines/scale-out/redis/keys.js';
import type { ConnectOptions } from '@keybin/shared/engines/scale-out/redis/redis-topology.js';
import { InvariantError } from '@keybin/shared/invariant.js';
import type { Log } from '@keybin/shared/process/log.js';
import { reconnectPause } from '@keybin/shared/process/reconnect-pause.js';
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
  /** Prefix of the partition's keys. */
  readonly prefix: string;
  /** Number of jobs that are active at once. */
  readonly concurrency: number;
  readonly jobBatcher: Pick<JobBatcher, 'add'>;
  readonly origins: RequestOrigins;
  readonly rejectedWrites: Pick<RejectedWrites, 'takeBack' | 'find'>;
  /** Erases the account if its erasure is recorded; does nothing otherwise. */
  readonly erase: (userId: string) => Promise<void>;
  readonly patience: RetryOptions;
  readonly log: Log;
  readonly times: Pick<TimeBudget, 'jobLockMs' | 'stalledJobsMs' | 'reconnectMs'>;
}

/**
 * Consumer of one partition's jobs. A job completes when none of its entries is still pending as it was. It fails only
 * if it is malformed or `rejected`, or if an invariant does not hold. In the last case the sweeper tries its entries
 * again. Jobs that cannot be finished when the worker shuts down go back to the queue.
 */
export class PartitionWorker {
  readonly #worker: Worker<EntriesJobData, void, EntriesJobName>;
  readonly #connection: Redis;

  constructor(private readonly options: PartitionWorkerOptions) {
    const { connect, partition, prefix, concurrency, log, times } = options;
    this.#connection = connect({
      maxRetriesPerRequest: null, // BullMQ requires it: its commands wait until Redis is back
      retryStrategy: reconnectPause(times),
    });
    this.#connection.on('error', (error) => log.debug({ err: error }, 'Redis connection of BullMQ failed'));
    this.#worker = new Worker(queueName, (job, token) => this.#process(job, token), {
      connection: this.#connection,
      prefix,
      concurrency,
      autorun: false,
      // Another worker takes up the job of a dead one after 5 to 7 s; the defaults make that 30 to 90 s
      lockDuration: times.jobLockMs,
      stalledInterval: times.stalledJobsMs,
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      runRetryDelay: times.stalledJobsMs,
    });
    this.#worker.on('error', (error) => log.debug({ err: error, partition }, 'BullMQ worker error'));
  }

  start(): void {
    this.#worker.run().catch((error: unknown) => this.options.log.error({ err: error }, 'BullMQ worker stopped'));
  }

  /** Waits for the active jobs, `timeoutMs` at most. Other workers may take up the rest some seconds later. */
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
        await this.options.jobBatcher.add(data.entries);
        this.options.log.debug({ job: job.id, ...requestsOf(data) }, 'Applied');
        return undefined;
      case 'erase':
        return retryThroughOutage('Erasing an account', () => this.options.erase(data.userId), this.options.patience);
      case 'rejected':
        return this.#showOrRetry(data, job.attemptsMade > 0);
    }
  }

  /** Fails on the first run, to show why the write was rejected. An operator retries the job when the cause is gone. */
  async #showOrRetry(rejected: RejectedJob['data'], retried: boolean): Promise<void> {
    const { jobBatcher, rejectedWrites, patience } = this.options;
    if (!retried) throw new UnrecoverableError(rejected.reason);
    await retryThroughOutage('Making a rejected write pending', () => rejectedWrites.takeBack(rejected), patience);
    await jobBatcher.add([[rejected.userId, [rejected.key]]]);
    const again = await retryThroughOutage('Reading a rejected write', () => rejectedWrites.find(rejected), patience);
    if (again) throw new UnrecoverableError(again.reason);
  }
}
