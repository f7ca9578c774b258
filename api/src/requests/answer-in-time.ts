import { withDeadline } from '@keybin/shared/deadline.js';
import type { TimeBudget } from '@keybin/shared/time-budget.js';

/** A store has `storeShareMs` for its work, however long the hash took: to wait for one is no outage. */
export type AnswerTimes = Pick<TimeBudget, 'answerMs' | 'storeShareMs'>;

/**
 * When a password must be hashed, for a request that began at `startedMs`, so that the store still has its time. Both in
 * `performance.now()`'s time.
 */
export const hashDueMs = (startedMs: number, { answerMs, storeShareMs }: AnswerTimes) =>
  startedMs + answerMs - storeShareMs;

/**
 * Settles as `work` on a store does that follows the hash of a password, or throws `unavailable` when the request, which began
 * at `startedMs` in `performance.now()`'s time, needs its answer. The work itself goes on.
 */
export function answerInTime<T>(work: Promise<T>, startedMs: number, times: AnswerTimes): Promise<T> {
  const leftMs = startedMs + times.answerMs - performance.now();
  return withDeadline(work, Math.max(leftMs, times.storeShareMs), 'a store, after a hash,');
}
