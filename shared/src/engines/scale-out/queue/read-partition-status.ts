import type { Queue } from 'bullmq';
import type { PartitionStatus } from '../../../ports/partition-status.js';
import { bytesKey, rejectedKey, sweeperKey, waitingKey } from '../redis/keys.js';
import type { RedisConnection } from '../redis/redis-connection.js';
import { ofEachPartition, type PartitionedRedis } from '../redis/partitioned-redis.js';

const usPerSecond = 1_000_000;

export interface PartitionParts {
  readonly redis: Pick<RedisConnection, 'client' | 'observeTime' | 'prefixOf'>;
  readonly partition: number;
  readonly queue: Pick<Queue, 'isPaused' | 'getJobCounts'>;
}

/** Reads the status of one partition. Throws `unavailable`. */
export async function readPartitionStatus({ redis, partition, queue }: PartitionParts): Promise<PartitionStatus> {
  const { client } = redis; // it may throw: then no command has begun whose failure nobody would see
  const prefix = redis.prefixOf(partition);
  const waiting = waitingKey(prefix);
  const [paused, counts, rejected, pendingEntries, bytes, [, since], [seconds, micros]] = await Promise.all([
    queue.isPaused(),
    queue.getJobCounts('wait', 'active', 'delayed', 'failed'),
    client.hlen(rejectedKey(prefix)),
    client.zcard(waiting),
    client.get(bytesKey(prefix)),
    client.zrange(waiting, 0, '0', 'WITHSCORES'),
    client.time(),
  ]);
  const nowUs = Number(seconds) * usPerSecond + Number(micros);
  redis.observeTime(nowUs);
  const { wait = 0, active = 0, delayed = 0, failed = 0 } = counts;
  return {
    partition,
    paused,
    pendingEntries,
    pendingBytes: Number(bytes ?? 0),
    oldestUnappliedSeconds: since === undefined ? 0 : Math.max(nowUs - Number(since), 0) / usPerSecond,
    rejected,
    jobs: { waiting: wait, active, delayed, failed },
  };
}

/** Returns the partitions that a worker serves. Some worker holds the sweeper's lease of each. Throws `unavailable`. */
export async function partitionsWithWorker(redis: PartitionedRedis): Promise<number[]> {
  const held = await ofEachPartition(redis, (client, prefix) => client.exists(sweeperKey(prefix)));
  return held.flatMap((count, partition) => (count > 0 ? [partition] : []));
}
