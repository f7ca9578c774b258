import type { Queue } from 'bullmq';
import type { PartitionStatus } from '../../../ports/partition-status.js';
import { bytesKey, partitionPrefix, rejectedKey, sweeperKey, waitingKey } from '../redis/keys.js';
import type { RedisConnection } from '../redis/redis-connection.js';
import type { PartitionedRedis } from '../redis/partitioned-redis.js';

const usPerSecond = 1_000_000;

export interface PartitionParts {
  readonly redis: Pick<RedisConnection, 'client' | 'observeTime'>;
  readonly partition: number;
  readonly queue: Pick<Queue, 'isPaused' | 'getJobCounts'>;
}

/** Reads the status of one partition. Throws `unavailable`. */
export async function readPartitionStatus({ redis, partition, queue }: PartitionParts): Promise<PartitionStatus> {
  const prefix = partitionPrefix(partition);
  const waiting = waitingKey(prefix);
  const [paused, counts, rejected, pendingEntries, bytes, [, since], [seconds, micros]] = await Promise.all([
    queue.isPaused(),
    queue.getJobCounts('wait', 'active', 'delayed', 'failed'),
    redis.client.hlen(rejectedKey(prefix)),
    redis.client.zcard(waiting),
    redis.client.get(bytesKey(prefix)),
    redis.client.zrange(waiting, 0, '0', 'WITHSCORES'),
    redis.client.time(),
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

/** Returns the partitions that a worker serves. Some worker holds the sweeper's lease of each. */
export async function partitionsWithWorker(redis: PartitionedRedis): Promise<number[]> {
  const held = Array.from({ length: redis.partitions }, (_, partition) =>
    redis.connectionOf(partition).client.exists(sweeperKey(partitionPrefix(partition))),
  );
  return (await Promise.all(held)).flatMap((count, partition) => (count > 0 ? [partition] : []));
}
