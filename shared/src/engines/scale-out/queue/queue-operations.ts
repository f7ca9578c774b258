import { setMaxListeners } from 'node:events';
import { Queue } from 'bullmq';
import type { Config } from '../../../config/config.js';
import { orUnavailable } from '../../../errors.js';
import type { EntryName } from '../../../ids/entry-name.js';
import type { Log } from '../../../process/log.js';
import type { QueueOperations, RejectedWrite } from '../../../ports/operations.js';
import type { PartitionStatus } from '../../../ports/partition-status.js';
import { adoptQueue } from '../ownership/adopt-queue.js';
import { RejectedWrites } from './rejected-writes.js';
import { connectDatabase, type Database } from '../mongodb/database.js';
import { isOutage } from '../mongodb/outage.js';
import { partitionOf, queueName } from '../redis/keys.js';
import { readPartitionStatus } from './read-partition-status.js';
import { jobOptions, rejectedJobId, type EntriesJobData, type EntriesJobName } from './partition-queue.js';
import { findQueueId } from '../ownership/find-queue-id.js';
import { openOperatorRedis } from '../redis/operator-redis.js';
import type { RedisConnection } from '../redis/redis-connection.js';
import type { PartitionedConnections } from '../redis/partitioned-redis.js';

/** Number of rejected writes that are taken back at once. */
const retriesAtOnce = 100;

/**
 * Opens the operator's side of the queue. It needs Redis. MongoDB may be down, unless several stores share the Redis;
 * only `adopt` needs it. Throws an `Error` of one line if Redis cannot be reached, or the queue is not known.
 */
export async function openQueueOperations(config: Config, log: Log): Promise<QueueOperations> {
  const { partitions } = config.queue;
  const redis = await openOperatorRedis(config, log, { queueId: await findQueueId(config) });
  for (const { raw } of redis.all) setMaxListeners(0, raw); // one listener per partition is no leak
  return new PartitionedQueue(
    config,
    redis,
    Array.from(
      { length: partitions },
      (_, partition) => new OperatedPartition(redis.connectionOf(partition), partition, log),
    ),
  );
}

class PartitionedQueue implements QueueOperations {
  #closed: Promise<void> | undefined;

  constructor(
    private readonly config: Config,
    private readonly redis: PartitionedConnections,
    private readonly partitions: readonly OperatedPartition[],
  ) {}

  status(): Promise<PartitionStatus[]> {
    return Promise.all(this.partitions.map((each) => each.status()));
  }

  async *rejected(): AsyncGenerator<RejectedWrite> {
    for (const each of this.partitions) yield* each.rejected();
  }

  async retry(name: EntryName): Promise<boolean> {
    const partition = this.partitions[partitionOf(name.userId, this.partitions.length)];
    return (await partition?.retry(name)) ?? false;
  }

  async retryAll(): Promise<number> {
    const counts = await Promise.all(this.partitions.map((each) => each.retryAll()));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async pause(): Promise<void> {
    await Promise.all(this.partitions.map((each) => each.queue.pause()));
  }

  async resume(): Promise<void> {
    await Promise.all(this.partitions.map((each) => each.queue.resume()));
  }

  async usernames(userIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    try {
      return await this.#withDatabase(async ({ users, bounded }) => {
        const found = await users.find({ user_id: { $in: [...userIds] } }, bounded).toArray();
        return new Map(found.map(({ user_id: userId, username }) => [userId, username]));
      });
    } catch (error) {
      if (!isOutage(error)) throw error;
      return new Map();
    }
  }

  userIds(usernames: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#withDatabase(async ({ users, bounded }) => {
      const found = await orUnavailable(users.find({ username: { $in: [...usernames] } }, bounded).toArray());
      return new Map(found.map(({ user_id: userId, username }) => [username, userId]));
    });
  }

  adopt(queueId: string): Promise<'adopted' | 'own'> {
    return this.#withDatabase((database) => adoptQueue(database, this.redis, { queueId, times: this.config.times }));
  }

  async #withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const database = await connectDatabase(this.config);
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all(this.partitions.map((each) => each.queue.close()));
    this.redis.close();
  }
}

class OperatedPartition {
  readonly queue: Queue<EntriesJobData, void, EntriesJobName>;
  readonly #rejectedWrites: RejectedWrites;

  constructor(
    private readonly redis: RedisConnection,
    private readonly partition: number,
    log: Log,
  ) {
    const prefix = redis.prefixOf(partition);
    this.#rejectedWrites = new RejectedWrites(redis, prefix);
    this.queue = new Queue(queueName, {
      connection: redis.client,
      prefix,
      skipMetasUpdate: true, // looking at a Redis at `maxmemory` must not need room
    });
    this.queue.on('error', (error) => log.debug({ err: error, partition }, 'BullMQ queue error'));
  }

  status(): Promise<PartitionStatus> {
    const { redis, partition, queue } = this;
    return readPartitionStatus({ redis, partition, queue });
  }

  async *rejected(): AsyncGenerator<RejectedWrite> {
    for await (const { userId, key, version, reason } of this.#rejectedWrites.all()) {
      yield { partition: this.partition, userId, key, acceptedAt: new Date(version / 1_000), reason };
    }
  }

  /**
   * Takes a rejected write back. The sweeper then applies it, whatever happens to the job; the job does it sooner. The
   * job names the key and has no value, so the last accepted write is applied.
   */
  async retry({ userId, key }: EntryName): Promise<boolean> {
    const write = await this.#rejectedWrites.find({ userId, key });
    if (!write || !(await this.#rejectedWrites.takeBack(write))) return false;
    const job = await this.queue.getJob(rejectedJobId(write.version));
    if (await job?.isFailed()) await job?.retry('failed');
    else await this.queue.add('apply', { entries: [[userId, [key]]] }, jobOptions);
    return true;
  }

  /**
   * Takes all rejected writes back and returns their number. Failed jobs of writes that newer ones have replaced find
   * nothing to do, and are removed.
   */
  async retryAll(): Promise<number> {
    let count = 0;
    const group: EntryName[] = [];
    const takeBack = async () => {
      const taken = await Promise.all(group.splice(0).map((name) => this.#rejectedWrites.takeBack(name)));
      count += taken.filter(Boolean).length;
    };
    for await (const write of this.#rejectedWrites.all()) {
      group.push(write);
      if (group.length === retriesAtOnce) await takeBack();
    }
    await takeBack();
    await this.queue.retryJobs({ state: 'failed' });
    return count;
  }
}
