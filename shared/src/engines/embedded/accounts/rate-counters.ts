import { RateLimiterRes } from 'rate-limiter-flexible';
import type { Limiter } from '../../../rate-counters/fallback-counters.js';
import type { Databases } from '../lmdb/databases.js';
import type { Reads } from '../transactions/reads.js';
import { printCounter, printMs, readCounter, type Counter } from '../lmdb/records.js';
import type { EmbeddedGroupCommit } from '../transactions/group-commit.js';

/**
 * A limiter on LMDB with the interface of the library's limiters. All processes that have the directory open count
 * together, no matter which command started them. The library's limiter for node's cluster could not do that for
 * processes that were started separately. A counted request is expensive by itself, so one more commit hardly matters.
 */
export class EmbeddedRateCounters implements Limiter {
  constructor(
    private readonly databases: Pick<Databases, 'counters' | 'counterExpiries'>,
    private readonly reads: Reads,
    private readonly writes: EmbeddedGroupCommit,
  ) {}

  async get(key: string): Promise<RateLimiterRes | null> {
    const record = await this.reads.ask(() => this.databases.counters.get(key));
    const counter = running(record, Date.now());
    return counter ? result(counter) : null;
  }

  async penalty(key: string, points: number, { customDuration }: { customDuration: number }): Promise<RateLimiterRes> {
    const { counters } = this.databases;
    const counter = await this.writes.apply(({ nowMs }) => {
      const before = running(counters.get(key), nowMs);
      if (!before) return this.#begin(key, points, nowMs + customDuration * 1_000);
      const after = { ...before, count: before.count + points };
      void counters.put(key, printCounter(after));
      return after;
    });
    return result(counter);
  }

  async set(key: string, points: number, seconds: number): Promise<RateLimiterRes> {
    const { counters, counterExpiries } = this.databases;
    const counter = await this.writes.apply(({ nowMs }) => {
      const record = counters.get(key);
      if (record !== undefined) void counterExpiries.remove(expiryKey(key, readCounter(record)));
      return this.#begin(key, points, nowMs + seconds * 1_000);
    });
    return result(counter);
  }

  async delete(key: string): Promise<boolean> {
    return this.writes.apply(() => {
      const wasThere = this.databases.counters.get(key) !== undefined;
      if (wasThere) void this.databases.counters.remove(key); // the sweeper removes its expiry
      return wasThere;
    });
  }

  /** Begins a window, in a transaction. */
  #begin(key: string, count: number, expiresAtMs: number): Counter {
    const counter = { count, expiresAtMs };
    void this.databases.counters.put(key, printCounter(counter));
    void this.databases.counterExpiries.put(expiryKey(key, counter), '');
    return counter;
  }
}

const expiryKey = (key: string, { expiresAtMs }: Counter) => `${printMs(expiresAtMs)}/${key}`;

/** Returns the counter in a record, unless its window has ended. */
function running(record: string | undefined, nowMs: number): Counter | undefined {
  const counter = record === undefined ? undefined : readCounter(record);
  return counter && counter.expiresAtMs > nowMs ? counter : undefined;
}

const result = ({ count, expiresAtMs }: Counter) => new RateLimiterRes(0, expiresAtMs - Date.now(), count, count === 1);
