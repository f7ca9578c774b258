import { Job, Queue, type IRedisTransaction, type JobsOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { withDeadline } from '../../../deadline.js';
import type { EntryName } from '../../../ids/entry-name.js';
import type { Log } from '../../../process/log.js';
import type { PartitionStatus } from '../../../ports/partition-status.js';
import type { TimeBudget } from '../../../time-budget.js';
import { partitionPrefix, queueName } from '../redis/keys.js';
import { readPartitionStatus } from './read-partition-status.js';
import type { RedisConnection } from '../redis/redis-connection.js';

/** Keys that were accepted together. Values are in the pending hash only: a job neither loses nor reveals data. */
export interface ApplyJob {
  readonly name: 'apply';
  readonly data: {
    readonly entries: readonly (readonly [userId: string, keys: readonly string[]])[];
    /** The id of the request that wrote each of them last, one after the other; empty where it is not known. */
    readonly requests?: readonly string[];
  };
}

/** The account is gone: remove what the store has of it. */
export interface EraseJob {
  readonly name: 'erase';
  readonly data: { readonly userId: string };
}

/** A write that MongoDB rejected, in the failed set for the operator. */
export interface RejectedJob {
  readonly name: 'rejected';
  readonly data: EntryName & {
    readonly version: number;
    /** The id of the request that wrote it. */
    readonly request?: string | undefined;
    /** What MongoDB said; the job fails with it. */
    readonly reason: string;
  };
}

export type EntriesJob = ApplyJob | EraseJob | RejectedJob;

/** For `Queue`, `Worker` and `Job` of BullMQ. */
export type EntriesJobData = EntriesJob['data'];
export type EntriesJobName = EntriesJob['name'];

/** A job is given up by an operator, never by a count: BullMQ's default is one attempt. */
export const jobOptions = {
  removeOnComplete: true,
  removeOnFail: false,
  attempts: 1_000_000_000,
} as const satisfies JobsOptions;

/** A version that is rejected again, by another worker or after a crash, has one job nevertheless. */
export const rejectedJobId = (version: number) => `rejected-${version}`;

/** BullMQ chooses the other ids. */
const idOf = (job: EntriesJob) => (job.name === 'rejected' ? rejectedJobId(job.data.version) : undefined);

/** Entries that BullMQ keeps in the event stream of a partition, which nobody reads. */
export const queueEventsLimit = 100;

/** A `MULTI` to which BullMQ can add jobs, beside scripts of our own. */
export type Transaction = IRedisTransaction & {
  evalsha(sha: string, numberOfKeys: number, ...args: (string | number)[]): Transaction;
};

const jobsPerPage = 500;

/** The sending side of one partition's BullMQ queue. It shares its connection with others and leaves it open. */
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

  /** `connection` must be ready. Throws `unavailable`. */
  static async open(
    connection: RedisConnection,
    partition: number,
    log: Log,
    { openMs }: Pick<TimeBudget, 'openMs'>,
  ): Promise<PartitionQueue> {
    const queue = new Queue<EntriesJobData, void, EntriesJobName>(queueName, {
      connection: connection.client,
      prefix: partitionPrefix(partition),
      streams: { events: { maxLen: queueEventsLimit } },
    });
    queue.on('error', (error) => log.debug({ err: error, partition }, 'BullMQ queue'));
    await withDeadline(queue.getBackend().client, openMs, 'opening the queue');
    return new PartitionQueue(partition, queue, connection, transactionsOf(connection.client));
  }

  /** The list of jobs that wait for a worker. */
  get waitKey(): string {
    return this.#queue.toKey('wait');
  }

  /** A new `MULTI`. Throws `unavailable` while Redis is away. */
  transaction(): Transaction {
    return this.#connection.client && this.#newTransaction();
  }

  /** Adds a job to `transaction`; it counts only once that was executed. */
  async addTo(transaction: Transaction, job: EntriesJob): Promise<void> {
    await new Job(this.#queue, job.name, job.data, jobOptions, idOf(job)).addJob(transaction);
  }

  /**
   * Adds a job at once. ioredis remembers which scripts a connection has loaded and inside a `MULTI` does not notice that
   * Redis has forgotten them; on its own the command is sent again with its text, which mends the connection.
   */
  async add(job: EntriesJob): Promise<void> {
    const client = await this.#queue.getBackend().client;
    await new Job(this.#queue, job.name, job.data, jobOptions, idOf(job)).addJob(client);
  }

  /** How things stand in this partition. Throws `unavailable`. */
  status(): Promise<PartitionStatus> {
    return readPartitionStatus({ redis: this.#connection, partition: this.#partition, queue: this.#queue });
  }

  /** Removes the jobs of rejected writes of an account that is gone. */
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
 * Makes `MULTI`s to which BullMQ can add a job. Each one of ioredis gets all scripts of its connection as methods, of which BullMQ has sixty:
 * that took a fifteenth of the time of a write. These are made from a view of the connection that has the one script they need.
 */
function transactionsOf(client: Redis): () => Transaction {
  const needed = Object.entries(client.scriptsSet).filter(([name]) => name.startsWith('addStandardJob:'));
  const view = Object.create(client, { scriptsSet: { value: Object.fromEntries(needed) } }) as Redis;
  return () => {
    const multi = view.multi() as unknown as Transaction & Record<string, (args: unknown) => unknown>;
    const runCommand = (name: string, args: unknown) => {
      const add = multi[name];
      if (!add) throw new Error(`BullMQ adds a job by ${name}, which the transaction lacks`);
      add.call(multi, args);
      return multi;
    };
    return Object.assign(multi, { redis: client, runCommand });
  };
}

/** Those that can be told; throws the first error if none can: of a Redis Cluster some nodes may be away. */
export async function statusOfEach(queues: readonly PartitionQueue[]): Promise<PartitionStatus[]> {
  const statuses = queues.map((queue) => queue.status());
  const settled = await Promise.allSettled(statuses);
  const told = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  return told.length > 0 ? told : Promise.all(statuses);
}
