import type { Config } from '../../../config/config.js';

/** Limits of what may be pending in one partition. */
export interface Limits {
  readonly maxPendingBytes: number;
  /** Maximum of pending entries, and of waiting jobs. */
  readonly maxBacklog: number;
}

/** Returns each partition's share of the limits on pending writes. */
export const limitsOfEach = ({ partitions, maxBacklog, maxPendingBytes }: Config['queue']): Limits => ({
  maxBacklog: Math.ceil(maxBacklog / partitions),
  maxPendingBytes: Math.ceil(maxPendingBytes / partitions),
});
