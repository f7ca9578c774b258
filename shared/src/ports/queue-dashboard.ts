import type { BaseAdapter } from '@bull-board/api/baseAdapter';

/** Queues of all partitions, for a dashboard of Bull Board. */
export interface QueueDashboard {
  readonly queues: readonly BaseAdapter[];
  close(): Promise<void>;
}
