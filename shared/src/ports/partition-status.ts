/** The writes of one partition that are on their way. */
export interface PartitionStatus {
  readonly partition: number;
  /** Whether workers take jobs. The sweeper applies what has waited too long nevertheless. */
  readonly paused: boolean;
  /** Entries that wait to be applied. */
  readonly pendingEntries: number;
  /** Room that these, and those that are rejected, take. */
  readonly pendingBytes: number;
  /** How long the oldest entry has waited to be applied; 0: none waits. */
  readonly oldestUnappliedSeconds: number;
  /** Writes that the database rejected. */
  readonly rejected: number;
  /** Jobs by their state. */
  readonly jobs: {
    readonly waiting: number;
    readonly active: number;
    readonly delayed: number;
    readonly failed: number;
  };
}
