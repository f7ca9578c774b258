import { RateLimiterRedis } from 'rate-limiter-flexible';
import { FallbackCounters, limiterOptions, type CounterTimes } from '../../../rate-counters/fallback-counters.js';
import { KnownCounts } from '../../../rate-counters/known-counts.js';
import type { RateCount, RateCounters } from '../../../ports/engine.js';
import { countersPrefix, partitionOf } from '../redis/keys.js';
import type { PartitionedRedis } from '../redis/partitioned-redis.js';

/** Counters in Redis, spread over the partitions by key. While a Redis is down, its counters go on in memory. */
export class ScaleOutRateCounters implements RateCounters {
  readonly #counters: readonly RateCounters[];

  constructor(redis: PartitionedRedis, times: CounterTimes) {
    const known = new KnownCounts();
    this.#counters = Array.from({ length: redis.partitions }, (_, partition) => {
      const keyPrefix = countersPrefix(redis.prefixOf(partition));
      const storeClient = redis.connectionOf(partition).raw;
      return new FallbackCounters(new RateLimiterRedis({ ...limiterOptions, keyPrefix, storeClient }), times, known);
    });
  }

  add(key: string, windowSeconds: number): Promise<RateCount> {
    return this.#countersOf(key).add(key, windowSeconds);
  }

  count(key: string): Promise<RateCount> {
    return this.#countersOf(key).count(key);
  }

  renew(key: string, windowSeconds: number): Promise<void> {
    return this.#countersOf(key).renew(key, windowSeconds);
  }

  forget(key: string): Promise<void> {
    return this.#countersOf(key).forget(key);
  }

  #countersOf(key: string): RateCounters {
    const partition = partitionOf(key, this.#counters.length);
    const counters = this.#counters[partition];
    if (!counters) throw new Error(`there is no partition ${partition}`);
    return counters;
  }
}
