import { Queue, type Job } from 'bullmq';
import { queueName } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { prefixIn } from '../../world/services/queue-prefix.js';

/** Runs `work` on a partition's BullMQ queue, with the means of an operator. */
export const withQueue = async <T>(redisUrl: string, work: (queue: Queue) => Promise<T>, partition = 0): Promise<T> =>
  withQueueAt(redisUrl, await prefixIn(redisUrl, partition), work);

/** Does the same for the partition with this prefix. */
export async function withQueueAt<T>(redisUrl: string, prefix: string, work: (queue: Queue) => Promise<T>): Promise<T> {
  const queue = new Queue(queueName, { connection: { url: redisUrl }, prefix });
  try {
    return await work(queue);
  } finally {
    await queue.close();
  }
}

/** Returns the jobs that wait or are active. */
export const openJobs = (redisUrl: string): Promise<Job[]> =>
  withQueue(redisUrl, (queue) => queue.getJobs(['active', 'wait', 'delayed']));

export const failedJobs = (redisUrl: string): Promise<number> =>
  withQueue(redisUrl, async (queue) => (await queue.getJobCounts('failed'))['failed'] ?? 0);
