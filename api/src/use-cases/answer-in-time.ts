import { answerTimeoutMs, withDeadline } from '@keybin/shared/deadline.js';

/** What a store has at least for its work, however long the hash took: to wait for one is no outage. */
const leastMs = 500;

/**
 * When a password must be hashed, for a request that began at `startedMs`, so that the store still has its time. Both in
 * `performance.now()`'s time.
 */
export const hashDueMs = (startedMs: number) => startedMs + answerTimeoutMs - leastMs;

/**
 * Settles as `work` on a store does that follows the hash of a password, or throws `unavailable` when the request, which began
 * at `startedMs` in `performance.now()`'s time, needs its answer. The work itself goes on.
 */
export function answerInTime<T>(work: Promise<T>, startedMs: number): Promise<T> {
  const leftMs = startedMs + answerTimeoutMs - performance.now();
  return withDeadline(work, Math.max(leftMs, leastMs), 'a store, after a hash,');
}
