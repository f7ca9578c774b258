import type { BaseAdapter } from '@bull-board/api/baseAdapter';

/** The queues of all partitions, as a dashboard of Bull Board shows them. */
export interface QueueDashboard {
  readonly queues: readonly BaseAdapter[];
  close(): Promise<void>;
}
