import { LRUCache } from 'lru-cache';
import { deadlineIn, remainingMs } from '../deadline.js';
import type { RateCount } from '../ports/engine.js';

/** Most counts that one process remembers, about 300 bytes each. */
const mostKnown = 20_000;

interface Known {
  readonly count: number;
  /** End of the window, in `performance.now()`'s time. */
  readonly endsMs: number;
}

export const noCount: RateCount = { count: 0, resetsInMs: 0 };

/** Last known numbers of the counters of a store, for the time in which it fails or is slow. */
export class KnownCounts {
  readonly #known = new LRUCache<string, Known>({ max: mostKnown });

  /** Remembers the number of a counter, and returns it. */
  set(key: string, found: RateCount): RateCount {
    const { count, resetsInMs } = found;
    if (count > 0) this.#known.set(key, { count, endsMs: deadlineIn(resetsInMs) });
    else this.#known.delete(key);
    return found;
  }

  /** Counts one more without the store. The first one begins a window. */
  add(key: string, windowSeconds: number): RateCount {
    const { count, resetsInMs } = this.get(key);
    return this.set(key, { count: count + 1, resetsInMs: count > 0 ? resetsInMs : windowSeconds * 1_000 });
  }

  get(key: string): RateCount {
    const { count, endsMs } = this.#known.get(key) ?? { count: 0, endsMs: 0 };
    const resetsInMs = remainingMs(endsMs);
    return resetsInMs > 0 ? { count, resetsInMs } : noCount;
  }

  delete(key: string): void {
    this.#known.delete(key);
  }
}
