import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { deadlineIn, remainingMs, withDeadline } from '../deadline.js';
import type { RateCount, RateCounters } from '../ports/engine.js';
import type { TimeBudget } from '../time-budget.js';

export type CounterTimes = Pick<TimeBudget, 'countMs' | 'countersPauseMs'>;

/** Methods that are used of a limiter of rate-limiter-flexible. */
export interface Limiter {
  get(key: string): Promise<RateLimiterRes | null>;
  /** Counts `points` more. A window lasts `customDuration` seconds. */
  penalty(key: string, points: number, options: { customDuration: number }): Promise<RateLimiterRes>;
  delete(key: string): Promise<boolean>;
}

/** Options that the library requires. Each call overrides them. */
export const limiterOptions = { points: 1, duration: 1, keyPrefix: '' };

/**
 * Counters in the store, kept by a limiter of the library. While the store fails or is slow, each process counts in its
 * own memory.
 */
export class FallbackCounters implements RateCounters {
  readonly #memory = new RateLimiterMemory(limiterOptions);
  #pausedUntilMs = 0;

  constructor(
    private readonly store: Limiter,
    private readonly times: CounterTimes,
  ) {}

  async add(key: string, windowSeconds: number): Promise<RateCount> {
    const window = { customDuration: windowSeconds };
    return countIn(await this.#insured((limiter) => limiter.penalty(key, 1, window)));
  }

  async count(key: string): Promise<RateCount> {
    return countIn(await this.#insured((limiter) => limiter.get(key)));
  }

  async forget(key: string): Promise<void> {
    await this.#memory.delete(key);
    await this.#insured((limiter) => limiter.delete(key));
  }

  async #insured<T>(use: (limiter: Limiter) => Promise<T>): Promise<T> {
    if (remainingMs(this.#pausedUntilMs) > 0) return use(this.#memory);
    try {
      return await withDeadline(use(this.store), this.times.countMs, 'counting');
    } catch {
      // The store's owner logs the failure: the store is needed for more than counting
      this.#pausedUntilMs = deadlineIn(this.times.countersPauseMs);
      return use(this.#memory);
    }
  }
}

function countIn(consumed: RateLimiterRes | null): RateCount {
  if (!consumed || consumed.msBeforeNext <= 0) return { count: 0, resetsInMs: 0 };
  return { count: consumed.consumedPoints, resetsInMs: consumed.msBeforeNext };
}
