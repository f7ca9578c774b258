/** Pending writes of one partition. */
export interface PartitionStatus {
  readonly partition: number;
  /** True if workers take no jobs. The sweeper nevertheless applies entries that are overdue. */
  readonly paused: boolean;
  /** Number of pending entries. */
  readonly pendingEntries: number;
  /** Bytes of pending and rejected entries. */
  readonly pendingBytes: number;
  /** Age of the oldest pending entry; 0 if there is none. */
  readonly oldestUnappliedSeconds: number;
  /** Number of rejected entries. */
  readonly rejected: number;
  /** Number of jobs by state. */
  readonly jobs: {
    readonly waiting: number;
    readonly active: number;
    readonly delayed: number;
    readonly failed: number;
  };
}
