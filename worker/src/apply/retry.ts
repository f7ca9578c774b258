import { setTimeout as delay } from 'node:timers/promises';
import {
  MongoBulkWriteError,
  MongoError,
  MongoInvalidArgumentError,
  MongoServerError,
  MongoWriteConcernError,
} from 'mongodb';
import { hasCode } from '@keybin/shared/errors.js';
import { InvariantError } from '@keybin/shared/invariant.js';
import type { Log } from '@keybin/shared/process/log.js';

/**
 * Error codes of MongoDB that tell of its state, not of the request. It is starting, shutting down, electing,
 * overloaded, out of disk or misconfigured, or does not let us in (yet). Source: src/mongo/base/error_codes.yml of
 * MongoDB.
 */
const outageCodes: ReadonlySet<unknown> = new Set([
  6, 7, 11, 13, 18, 24, 46, 50, 63, 64, 70, 75, 79, 89, 91, 100, 107, 112, 133, 134, 150, 189, 202, 262, 365, 384, 391,
  8000, 9001, 10058, 10107, 11600, 11601, 11602, 13388, 13435, 13436, 14031,
]);

export const isOutageCode = (code: unknown): boolean => outageCodes.has(code);

/**
 * True if an operation failed because a service is down or unwell. The same operation works once the service is back.
 */
export function isOutage(error: unknown): boolean {
  if (hasCode(error, 'unavailable')) return true;
  if (error instanceof MongoBulkWriteError) {
    if (error.result.getWriteConcernError()) return true;
    // the driver wraps the error that stopped a whole bulk write, of any class
    const cause: unknown = error.errorResponse;
    if (cause instanceof Error) return isOutage(cause);
    return isOutageCode(error.code);
  }
  if (error instanceof MongoWriteConcernError) return true;
  if (error instanceof MongoServerError) {
    return isOutageCode(error.code) || error.hasErrorLabel('RetryableWriteError');
  }
  if (error instanceof MongoInvalidArgumentError) return false;
  if (error instanceof MongoError) return true; // an error of the driver itself: there was no answer
  return isOfSocket(error);
}

/**
 * True if a socket or stream of Node failed. The driver passes such errors on unchanged. Those of the system name the
 * call.
 */
function isOfSocket(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('syscall' in error) return true;
  return 'code' in error && /^(EPIPE|ECONNRESET|ERR_(SOCKET|STREAM)_\w+)$/.test(String(error.code));
}

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
