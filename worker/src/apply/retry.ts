import { setTimeout as delay } from 'node:timers/promises';
import { InvariantError } from '@keybin/shared/invariant.js';
import type { Log } from '@keybin/shared/process/log.js';

/** Error for work that is given up because the worker shuts down. Its entries are still pending. */
export class Abandoned extends Error {
  override readonly name = 'Abandoned';

  constructor() {
    super('The worker shuts down');
  }
}

export interface RetryOptions {
  readonly log: Log;
  /** Aborted when the worker shuts down. */
  readonly closing: AbortSignal;
  /** Longest time that a running attempt may take after that. */
  readonly graceMs: number;
}

const firstPauseMs = 50;
const longestPauseMs = 5_000;
/** Failures for each warning: with the longest pause about one warning a minute. */
const failuresPerWarning = 15;

/**
 * Repeats `attempt` until it works, with growing pauses and jitter. It is for work that fails only while a service is
 * down. Throws only `Abandoned`, when the worker shuts down meanwhile, and an `InvariantError`, which no retry mends.
 */
export async function retryThroughOutage<T>(
  what: string,
  attempt: () => Promise<T>,
  patience: RetryOptions,
): Promise<T> {
  const { log, closing, graceMs } = patience;
  for (let failures = 0; ; failures += 1) {
    if (closing.aborted && failures > 0) throw new Abandoned();
    try {
      const result = await untilGraceEnds(attempt(), closing, graceMs);
      if (failures > 0) log.info({ failures }, `${what} works again`);
      return result;
    } catch (error) {
      if (error instanceof Abandoned || error instanceof InvariantError) throw error;
      const level = failures % failuresPerWarning === 0 ? 'warn' : 'debug';
      log[level]({ err: error, failures: failures + 1 }, `${what} failed and is retried until it succeeds`);
    }
    const pauseMs = Math.min(firstPauseMs * 2 ** Math.min(failures, 10), longestPauseMs);
    // The loop checks the signal
    await delay(pauseMs * (0.5 + Math.random() / 2), undefined, { signal: closing }).catch(() => {});
  }
}

async function untilGraceEnds<T>(work: Promise<T>, closing: AbortSignal, graceMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const abandoned = new Promise<never>((_resolve, reject) => {
    onAbort = () => (timer = setTimeout(() => reject(new Abandoned()), graceMs));
    if (closing.aborted) onAbort();
    else closing.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, abandoned]);
  } finally {
    clearTimeout(timer);
    if (onAbort) closing.removeEventListener('abort', onAbort);
    work.catch(() => {}); // nobody reads a late failure
  }
}
