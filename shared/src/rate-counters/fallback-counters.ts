import type { RateLimiterRes } from 'rate-limiter-flexible';
import { deadlineIn, remainingMs, withDeadline } from '../deadline.js';
import type { RateCount, RateCounters } from '../ports/engine.js';
import type { TimeBudget } from '../time-budget.js';
import { KnownCounts, noCount } from './known-counts.js';

export type CounterTimes = Pick<TimeBudget, 'countMs' | 'countersPauseMs'>;

/** Methods that are used of a limiter of rate-limiter-flexible. */
export interface Limiter {
  get(key: string): Promise<RateLimiterRes | null>;
  /** Counts `points` more. A window lasts `customDuration` seconds. */
  penalty(key: string, points: number, options: { customDuration: number }): Promise<RateLimiterRes>;
  /** Begins a window of `seconds` with a count of `points`. */
  set(key: string, points: number, seconds: number): Promise<RateLimiterRes>;
  delete(key: string): Promise<boolean>;
}

/** Options that the library requires. Each call overrides them. */
export const limiterOptions = { points: 1, duration: 1, keyPrefix: '' };

/**
 * Counters in the store, kept by a limiter of the library. Each process remembers their last known numbers. While the
 * store fails or is slow, it counts on from these by itself.
 */
export class FallbackCounters implements RateCounters {
  #pausedUntilMs = 0;

  constructor(
    private readonly store: Limiter,
    private readonly times: CounterTimes,
    private readonly known = new KnownCounts(),
  ) {}

  async add(key: string, windowSeconds: number): Promise<RateCount> {
    const added = await this.#ask((store) => store.penalty(key, 1, { customDuration: windowSeconds }));
    return added === undefined ? this.known.add(key, windowSeconds) : this.known.set(key, countIn(added));
  }

  async count(key: string): Promise<RateCount> {
    const found = await this.#ask((store) => store.get(key));
    return found === undefined ? this.known.get(key) : this.known.set(key, countIn(found));
  }

  async renew(key: string, windowSeconds: number): Promise<void> {
    this.known.set(key, { count: 1, resetsInMs: windowSeconds * 1_000 });
    await this.#ask((store) => store.set(key, 1, windowSeconds));
  }

  async forget(key: string): Promise<void> {
    this.known.delete(key);
    await this.#ask((store) => store.delete(key));
  }

  /** Returns what the store answers, or `undefined` while it fails or is slow. */
  async #ask<T>(use: (store: Limiter) => Promise<T>): Promise<T | undefined> {
    if (remainingMs(this.#pausedUntilMs) > 0) return undefined;
    try {
      return await withDeadline(use(this.store), this.times.countMs, 'counting');
    } catch {
      // The store's owner logs the failure: the store is needed for more than counting
      this.#pausedUntilMs = deadlineIn(this.times.countersPauseMs);
      return undefined;
    }
  }
}

function countIn(consumed: RateLimiterRes | null): RateCount {
  if (!consumed || consumed.msBeforeNext <= 0) return noCount;
  return { count: consumed.consumedPoints, resetsInMs: consumed.msBeforeNext };
}
