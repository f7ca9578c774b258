import { Job, Queue, type IRedisTransaction, type JobsOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { withDeadline } from '../../../deadline.js';
import type { EntryName } from '../../../ids/entry-name.js';
import type { Log } from '../../../process/log.js';
import type { PartitionStatus } from '../../../ports/partition-status.js';
import type { TimeBudget } from '../../../time-budget.js';
import { queueName } from '../redis/keys.js';
import { readPartitionStatus } from './read-partition-status.js';
import type { RedisConnection } from '../redis/redis-connection.js';

/**
 * Job that names keys which were accepted together. Values are in the pending hash only: a job neither loses nor
 * reveals data.
 */
export interface ApplyJob {
  readonly name: 'apply';
  readonly data: {
    readonly entries: readonly (readonly [userId: string, keys: readonly string[]])[];
    /** Id of the request that wrote each key last, in the order of `entries`. Empty where it is not known. */
    readonly requests?: readonly string[];
  };
}

/** Job that removes everything the store has of a deleted account. */
export interface EraseJob {
  readonly name: 'erase';
  readonly data: { readonly userId: string };
}

/** Job for a write that MongoDB rejected. It stays in the failed set for the operator. */
export interface RejectedJob {
  readonly name: 'rejected';
  readonly data: EntryName & {
    readonly version: number;
    /** Id of the request that wrote it. */
    readonly request?: string | undefined;
    /** MongoDB's error message, with which the job fails. */
    readonly reason: string;
  };
}

export type EntriesJob = ApplyJob | EraseJob | RejectedJob;

/** Type arguments for BullMQ's `Queue`, `Worker` and `Job`. */
export type EntriesJobData = EntriesJob['data'];
export type EntriesJobName = EntriesJob['name'];

/**
 * Options of every job. Only an operator gives a job up, never a count of attempts. BullMQ's default is one attempt.
 */
export const jobOptions = {
  removeOnComplete: true,
  removeOnFail: false,
  attempts: 1_000_000_000,
} as const satisfies JobsOptions;

/**
 * Returns the job id of a rejected version. A version that is rejected again, by another worker or after a crash, still
 * has one job.
 */
export const rejectedJobId = (version: number) => `rejected-${version}`;

/** Returns the id of a job; `undefined` lets BullMQ choose it. */
const idOf = (job: EntriesJob) => (job.name === 'rejected' ? rejectedJobId(job.data.version) : undefined);

/** Number of entries that BullMQ keeps in a partition's event stream. Nobody reads it. */
export const queueEventsLimit = 100;

/** `MULTI` that takes BullMQ's jobs and scripts of our own. */
export type Transaction = IRedisTransaction & {
  evalsha(sha: string, numberOfKeys: number, ...args: (string | number)[]): Transaction;
};

const jobsPerPage = 500;

/** Sending side of one partition's BullMQ queue. It shares its connection with others and leaves it open. */
export class PartitionQueue {
  readonly #queue: Queue<EntriesJobData, void, EntriesJobName>;
  readonly #connection: RedisConnection;
  readonly #newTransaction: () => Transaction;
  readonly #partition: number;

  private constructor(
    partition: number,
    queue: Queue<EntriesJobData, void, EntriesJobName>,
    connection: RedisConnection,
    newTransaction: () => Transaction,
  ) {
    this.#partition = partition;
    this.#queue = queue;
    this.#connection = connection;
    this.#newTransaction = newTransaction;
  }

  /** Opens the queue. `connection` must be ready. Throws `unavailable`. */
  static async open(
    connection: RedisConnection,
    partition: number,
    log: Log,
    { openMs }: Pick<TimeBudget, 'openMs'>,
  ): Promise<PartitionQueue> {
    const queue = new Queue<EntriesJobData, void, EntriesJobName>(queueName, {
      connection: connection.client,
      prefix: connection.prefixOf(partition),
      streams: { events: { maxLen: queueEventsLimit } },
    });
    queue.on('error', (error) => log.debug({ err: error, partition }, 'BullMQ queue error'));
    await withDeadline(queue.getBackend().client, openMs, 'opening the queue');
    return new PartitionQueue(partition, queue, connection, transactionsOf(connection.client));
  }

  /** Key of the list of jobs that wait for a worker. */
  get waitKey(): string {
    return this.#queue.toKey('wait');
  }

  /** Starts a `MULTI`. Throws `unavailable` while Redis is down. */
  transaction(): Transaction {
    return this.#connection.client && this.#newTransaction();
  }

  /** Adds a job to `transaction`. The job exists only once the transaction was executed. */
  async addTo(transaction: Transaction, job: EntriesJob): Promise<void> {
    await new Job(this.#queue, job.name, job.data, jobOptions, idOf(job)).addJob(transaction);
  }

  /**
   * Adds a job at once. This also mends a connection whose scripts Redis has forgotten. ioredis does not notice that
   * inside a `MULTI`, but it sends a single command again with the script's text.
   */
  async add(job: EntriesJob): Promise<void> {
    const client = await this.#queue.getBackend().client;
    await new Job(this.#queue, job.name, job.data, jobOptions, idOf(job)).addJob(client);
  }

  /** Returns the status of this partition. Throws `unavailable`. */
  status(): Promise<PartitionStatus> {
    return readPartitionStatus({ redis: this.#connection, partition: this.#partition, queue: this.#queue });
  }

  /** Removes the jobs of rejected writes of a deleted account. */
  async forgetRejected(userId: string): Promise<void> {
    for (let start = 0; ;) {
      const jobs = await this.#queue.getJobs(['failed'], start, start + jobsPerPage - 1);
      const its = jobs.filter((job) => job?.name === 'rejected' && 'userId' in job.data && job.data.userId === userId);
      await Promise.all(its.map((job) => job.remove()));
      if (jobs.length < jobsPerPage) return;
      start += jobsPerPage - its.length; // the others move up
    }
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }
}

/**
 * Returns a function that starts `MULTI`s to which BullMQ can add a job. ioredis gives each `MULTI` all scripts of its
 * connection as methods. BullMQ has sixty, and that took a fifteenth of the time of a write. These `MULTI`s come from a
 * view of the connection with only the script they need.
 */
function transactionsOf(client: Redis): () => Transaction {
  const needed = Object.entries(client.scriptsSet).filter(([name]) => name.startsWith('addStandardJob:'));
  const view = Object.create(client, { scriptsSet: { value: Object.fromEntries(needed) } }) as Redis;
  return () => {
    const multi = view.multi() as unknown as Transaction & Record<string, (args: unknown) => unknown>;
    const runCommand = (name: string, args: unknown) => {
      const add = multi[name];
      if (!add) throw new Error(`BullMQ adds jobs with ${name}, which the transaction does not have`);
      add.call(multi, args);
      return multi;
    };
    return Object.assign(multi, { redis: client, runCommand });
  };
}

/**
 * Returns the status of each partition that answers. Some nodes of a Redis Cluster may be down. Throws the first error
 * if no partition answers.
 */
export async function statusOfEach(queues: readonly PartitionQueue[]): Promise<PartitionStatus[]> {
  const statuses = queues.map((queue) => queue.status());
  const settled = await Promise.allSettled(statuses);
  const told = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  return told.length > 0 ? told : Promise.all(statuses);
}
