import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { deadlineIn, remainingMs, withDeadline } from '../deadline.js';
import type { RateCount, RateCounters } from '../ports/engine.js';
import type { TimeBudget } from '../time-budget.js';

export type CounterTimes = Pick<TimeBudget, 'countMs' | 'countersPauseMs'>;

/** What is used of a limiter of rate-limiter-flexible. */
export interface Limiter {
  get(key: string): Promise<RateLimiterRes | null>;
  /** Counts `points` more; a window lasts `customDuration` seconds. */
  penalty(key: string, points: number, options: { customDuration: number }): Promise<RateLimiterRes>;
  delete(key: string): Promise<boolean>;
}

/** What the library wants to know and what each call says anew. */
export const limiterOptions = { points: 1, duration: 1, keyPrefix: '' };

/** Counts in the store, by a limiter of the library; in memory, each process by itself, while the store fails or takes too long. */
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
      // Whoever keeps the store says so: it is needed for more than this
      this.#pausedUntilMs = deadlineIn(this.times.countersPauseMs);
      return use(this.#memory);
    }
  }
}

function countIn(consumed: RateLimiterRes | null): RateCount {
  if (!consumed || consumed.msBeforeNext <= 0) return { count: 0, resetsInMs: 0 };
  return { count: consumed.consumedPoints, resetsInMs: consumed.msBeforeNext };
}
