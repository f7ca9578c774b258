import { unavailable } from './errors.js';

/** No request waits longer than this for a dependency before it is answered 503. */
export const answerTimeoutMs = 1_800;

/** When a request that begins now must have its answer, in `performance.now()`'s time. */
export const answerDeadline = () => performance.now() + answerTimeoutMs;

/** How long until `deadlineMs` (in `performance.now()`'s time); 0 if it is over. */
export const remainingMs = (deadlineMs: number) => Math.max(deadlineMs - performance.now(), 0);

/**
 * Settles as `promise` does, or throws `unavailable` after `timeoutMs`. The work itself goes on: its outcome is unknown to the
 * caller from then on.
 */
export async function withDeadline<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(unavailable(new Error(`${what} took longer than ${Math.round(timeoutMs)} ms`))),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => {}); // a late failure has no reader left
  }
}
