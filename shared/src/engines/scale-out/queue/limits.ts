import { queuedJobsShare, type Config } from '../../../config/config.js';

/** Limits of what may be pending in one partition. */
export interface Limits {
  /** Maximum of bytes of pending entries. */
  readonly maxEntryBytes: number;
  /** Number of bytes of waiting jobs from which further writes have no job. */
  readonly maxJobBytes: number;
  /** Maximum of pending entries. */
  readonly maxBacklog: number;
}

/** Returns each partition's share of the limits on pending writes. */
export function limitsOfEach({ partitions, maxBacklog, maxPendingBytes }: Config['queue']): Limits {
  const bytes = maxPendingBytes / partitions;
  return {
    maxEntryBytes: Math.ceil(bytes * (1 - queuedJobsShare)),
    maxJobBytes: Math.ceil(bytes * queuedJobsShare),
    maxBacklog: Math.ceil(maxBacklog / partitions),
  };
}
