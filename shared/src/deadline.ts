import { unavailable } from './errors.js';

/** Returns the deadline of work that starts now and may take `timeoutMs`, in `performance.now()`'s time. */
export const deadlineIn = (timeoutMs: number) => performance.now() + timeoutMs;

/** Returns the time until `deadlineMs`, which is in `performance.now()`'s time. Returns 0 if it has passed. */
export const remainingMs = (deadlineMs: number) => Math.max(deadlineMs - performance.now(), 0);

/**
 * Settles as `promise` does, or throws `unavailable` after `timeoutMs`. The work itself continues, and the caller does
 * not learn its outcome.
 */
export function withDeadline<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  return orTimeout(promise, timeoutMs, () =>
    unavailable(new Error(`${what} took longer than ${Math.round(timeoutMs)} ms`)),
  );
}

/** Resolves when `work` has settled, with a result or an error, or after `timeoutMs`. Never throws. */
export async function settledWithin(work: Promise<unknown> | undefined, timeoutMs: number): Promise<void> {
  if (work) await withDeadline(work, timeoutMs, 'work').catch(() => {});
}

/** Settles as `promise` does, or throws the error that `late` returns after `timeoutMs`. */
export function orTimeout<T>(promise: Promise<T>, timeoutMs: number, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), timeoutMs);
    const settle = (outcome: () => void) => {
      clearTimeout(timer);
      outcome();
    };
    promise.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}
