import { withDeadline } from '@keybin/shared/deadline.js';
import type { TimeBudget } from '@keybin/shared/time-budget.js';

/**
 * Times of a request. A store has at least `storeShareMs` for its work, however long the hash took: a slow hash is no
 * outage.
 */
export type AnswerTimes = Pick<TimeBudget, 'answerMs' | 'storeShareMs'>;

/**
 * Returns the time by which a password must be hashed, so that the store still has its share. `startedMs` is the start
 * of the request. Both are in `performance.now()`'s time.
 */
export const hashDueMs = (startedMs: number, { answerMs, storeShareMs }: AnswerTimes) =>
  startedMs + answerMs - storeShareMs;

/**
 * Settles as `work` does. The work is that of a store, after a hash or another wait. Throws `unavailable` when the
 * response is due, but leaves the store at least `storeShareMs`. The work itself goes on. `startedMs` is the start of
 * the request in `performance.now()`'s time.
 */
export function answerInTime<T>(work: Promise<T>, startedMs: number, times: AnswerTimes): Promise<T> {
  const leftMs = startedMs + times.answerMs - performance.now();
  return withDeadline(work, Math.max(leftMs, times.storeShareMs), 'the store');
}
