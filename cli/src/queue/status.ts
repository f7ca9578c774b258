import type { QueueOperations } from '@keybin/shared/ports/operations.js';
import type { PartitionStatus } from '@keybin/shared/ports/partition-status.js';
import type { Answer } from '../command/answer.js';
import { table } from '../command/table.js';

const heads = ['partition', 'pending', 'bytes', 'oldest', 'rejected', 'waiting', 'active', 'delayed', 'failed', ''];

/** Returns one line for each partition, and the sum of all. */
export async function queueStatus(queue: QueueOperations): Promise<Answer> {
  const partitions = await queue.status();
  const lines = partitions.map((each) => row(String(each.partition), each));
  const sum = row('all', partitions.reduce(added));
  const text = table([heads, ...lines, ...(lines.length > 1 ? [sum] : [])]);
  return { json: { partitions }, text };
}

function row(name: string, { paused, jobs, ...status }: PartitionStatus): string[] {
  const counts = [jobs.waiting, jobs.active, jobs.delayed, jobs.failed].map(String);
  const oldest = `${status.oldestUnappliedSeconds.toFixed(1)} s`;
  const entries = [String(status.pendingEntries), String(status.pendingBytes), oldest, String(status.rejected)];
  return [name, ...entries, ...counts, paused ? 'paused' : ''];
}

function added(sum: PartitionStatus, each: PartitionStatus): PartitionStatus {
  return {
    partition: sum.partition,
    paused: sum.paused || each.paused,
    pendingEntries: sum.pendingEntries + each.pendingEntries,
    pendingBytes: sum.pendingBytes + each.pendingBytes,
    oldestUnappliedSeconds: Math.max(sum.oldestUnappliedSeconds, each.oldestUnappliedSeconds),
    rejected: sum.rejected + each.rejected,
    jobs: {
      waiting: sum.jobs.waiting + each.jobs.waiting,
      active: sum.jobs.active + each.jobs.active,
      delayed: sum.jobs.delayed + each.jobs.delayed,
      failed: sum.jobs.failed + each.jobs.failed,
    },
  };
}
