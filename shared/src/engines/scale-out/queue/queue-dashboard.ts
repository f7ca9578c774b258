import { setMaxListeners } from 'node:events';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { Queue, type Job } from 'bullmq';
import type { Config } from '../../../config/config.js';
import { entryId } from '../../../ids/entry-name.js';
import type { Log } from '../../../process/log.js';
import type { QueueDashboard } from '../../../ports/queue-dashboard.js';
import { queueName } from '../redis/keys.js';
import type { ApplyJob } from './partition-queue.js';
import { findQueueId } from '../ownership/find-queue-id.js';
import { openOperatorRedis } from '../redis/operator-redis.js';

/**
 * Opens the queues for a dashboard, on connections of their own. Throws an `Error` of one line if Redis cannot be
 * reached.
 */
export async function openQueueDashboard(config: Config, log: Log): Promise<QueueDashboard> {
  const { queue: settings, admin } = config;
  const { partitions } = settings;
  const redis = await openOperatorRedis(config, log, { queueId: await findQueueId(config) });
  for (const { raw } of redis.all) setMaxListeners(0, raw); // one listener per partition is no leak
  const queues = Array.from({ length: partitions }, (_, partition) => {
    const queue = new Queue(queueName, {
      connection: redis.connectionOf(partition).raw,
      prefix: redis.prefixOf(partition),
      skipMetasUpdate: true,
    });
    queue.on('error', (error) => log.debug({ err: error, partition }, 'BullMQ queue error'));
    return { queue, partition };
  });
  const options = (partition: number) => ({
    readOnlyMode: !admin.queueChanges,
    prefix: partitions === 1 ? '' : `${partition}-`,
    description: `Partition ${partition}: each job names the entries of one commit, by account and key`,
  });
  return {
    queues: queues.map(({ queue, partition }) => new StacklessAdapter(queue, options(partition))),
    async close() {
      await Promise.all(queues.map(({ queue }) => queue.close()));
      redis.close();
    },
  };
}

/** Returns a job's data with its entries listed as `account/key`. The dashboard folds anything nested deeper. */
function shown(data: unknown): unknown {
  const { entries } = data as Partial<ApplyJob['data']>; // a job made by hand may have anything
  if (!Array.isArray(entries)) return data;
  const names = entries.flatMap((entry: unknown) => {
    if (!Array.isArray(entry) || !Array.isArray(entry[1])) return [entry];
    return entry[1].map((key: unknown) => entryId(String(entry[0]), String(key)));
  });
  return { ...(data as object), entries: names };
}

/** Adapter that removes the stack traces of failed jobs. They describe the machine, not the job. */
class StacklessAdapter extends BullMQAdapter {
  constructor(...args: ConstructorParameters<typeof BullMQAdapter>) {
    super(...args);
    this.setFormatter('data', (data: unknown) => (typeof data === 'object' && data !== null ? shown(data) : data));
  }

  override async getJob(id: string): Promise<Job | undefined> {
    const job = await super.getJob(id);
    return job && withoutStack(job);
  }

  override async getJobs(...args: Parameters<BullMQAdapter['getJobs']>): Promise<Job[]> {
    return (await super.getJobs(...args)).map(withoutStack);
  }
}

function withoutStack(job: Job): Job {
  job.stacktrace = [];
  return job;
}
