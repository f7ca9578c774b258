import { createHash, randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { ScaleOutGroupCommit } from '@keybin/shared/engines/scale-out/entries/group-commit.js';
import type { Write } from '@keybin/shared/engines/scale-out/entries/accept-command.js';
import type { Limits } from '@keybin/shared/engines/scale-out/queue/limits.js';
import type { Bearer } from '@keybin/shared/engines/scale-out/tokens/bearer.js';
import {
  bytesKey,
  clockKey,
  epochKey,
  partitionOf,
  pendingKey,
  tokensKey,
  waitingKey,
} from '@keybin/shared/engines/scale-out/redis/keys.js';
import { formatVersion, parsePendingEntry } from '@keybin/shared/engines/scale-out/redis/pending-entry.js';
import { PartitionQueue } from '@keybin/shared/engines/scale-out/queue/partition-queue.js';
import { RedisConnection, type EpochNumbers } from '@keybin/shared/engines/scale-out/redis/redis-connection.js';
import type { PartitionedRedis } from '@keybin/shared/engines/scale-out/redis/partitioned-redis.js';
import type { Script } from '@keybin/shared/engines/scale-out/redis/scripts.js';
import { times } from '../times.js';

export const silent = pino({ level: 'silent' });

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

export const roomy: Limits = { maxEntryBytes: 100_000_000, maxJobBytes: 100_000_000, maxBacklog: 1_000_000 };

/** Returns numbers of epochs for a Redis that only one process uses. */
export function countedEpochs(): EpochNumbers {
  let last = 0;
  const raiseTo = async (present: number) => void (last = Math.max(last, present));
  return { raiseTo, next: async (present) => (await raiseTo(present), (last += 1)) };
}

/** Id of a queue that no store has. */
const unownedQueue = 'test';

/** Returns a connection to one Redis with some partitions. */
export function connected(
  redisUrl: string,
  partitions: readonly number[] = [0],
  queueId = unownedQueue,
): RedisConnection {
  return new RedisConnection({
    connect: (options) => new Redis(redisUrl, options),
    mode: 'standalone',
    queueId,
    partitions,
    log: silent,
    times,
    epochs: countedEpochs(),
  });
}

/** Empties Redis. The connection notices it, as each does every second. */
export async function empty(redis: RedisConnection): Promise<void> {
  await redis.raw.flushdb();
  await redis.checkServer();
}

/** Returns a Redis with a single partition. */
export const only = <Connection extends Pick<RedisConnection, 'prefixOf'>>(
  redis: Connection,
): PartitionedRedis<Connection> => ({
  partitions: 1,
  connectionOf: () => redis,
  prefixOf: (partition) => redis.prefixOf(partition),
});

/** Returns an account with one client and its token, in the form that the token index returns. */
export function newBearer(partitions = 1): Bearer {
  const userId = randomUUID();
  const partition = partitionOf(userId, partitions);
  return { userId, client: sha256('default'), tokenHash: sha256(randomUUID()), partition };
}

/** One partition of a Redis of the test, seen from an API process. `redis` looks at it from outside. */
export class Staged {
  private constructor(
    readonly connection: RedisConnection,
    readonly queue: PartitionQueue,
    readonly partition: number,
  ) {}

  static async open(redisUrl: string, partition = 0, queueId = unownedQueue): Promise<Staged> {
    const connection = connected(redisUrl, [partition], queueId);
    await connection.ready(5_000);
    return new Staged(connection, await PartitionQueue.open(connection, partition, silent, times), partition);
  }

  get redis(): Redis {
    return this.connection.raw;
  }

  get prefix(): string {
    return this.connection.prefixOf(this.partition);
  }

  commits(limits: Limits = roomy, script?: Script): ScaleOutGroupCommit {
    const { partition, connection, queue } = this;
    return new ScaleOutGroupCommit({ partition, connection, queue, limits, log: silent, script, times });
  }

  /** Writes a record of the token, as a check of it would. */
  async giveRecord({ userId, client, tokenHash }: Bearer, lifetimeSeconds = 60): Promise<void> {
    const expiry = formatVersion(this.connection.timeUs + lifetimeSeconds * 1_000_000);
    await this.connection.checkServer(); // notices if Redis was emptied: another process would begin a new epoch
    const epoch = await this.redis.hget(epochKey(this.prefix), 'number');
    await this.redis.hset(tokensKey(this.prefix, userId), client, `${epoch} R${expiry}${tokenHash}`);
  }

  async forget({ userId }: Bearer): Promise<void> {
    await this.redis.del(tokensKey(this.prefix, userId));
  }

  async pending({ userId }: Bearer, key: string) {
    const text = await this.redis.hget(pendingKey(this.prefix, userId), key);
    return text === null ? undefined : parsePendingEntry(text);
  }

  async bytes(): Promise<number> {
    return Number((await this.redis.get(bytesKey(this.prefix))) ?? 0);
  }

  async clock(): Promise<number> {
    return Number((await this.redis.get(clockKey(this.prefix))) ?? 0);
  }

  async waiting(): Promise<string[]> {
    return this.redis.zrange(waitingKey(this.prefix), '0', '-1');
  }

  /** Returns the data of the waiting jobs, oldest first. */
  async jobs(): Promise<unknown[]> {
    const ids = await this.redis.lrange(this.queue.waitKey, 0, -1);
    const data = await Promise.all(
      ids.toReversed().map((id) => this.redis.hget(`${this.prefix}:entries:${id}`, 'data')),
    );
    return data.map((text) => JSON.parse(text ?? 'null') as unknown);
  }

  async close(): Promise<void> {
    await this.queue.close();
    this.connection.close();
  }
}

/** Returns a put with the usual time for an answer. */
export function put(bearer: Bearer, key: string, json: string): Write {
  return { bearer, key, change: `P${json}`, deadlineMs: performance.now() + 1_800 };
}
