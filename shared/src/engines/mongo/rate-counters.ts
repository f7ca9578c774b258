import { RateLimiterRedis } from 'rate-limiter-flexible';
import { InsuredCounters, limiterOptions, type CounterTimes } from '../../insured-counters.js';
import type { RateCount, RateCounters } from '../../ports.js';
import { countersPrefix, partitionOf, partitionPrefix } from './keys.js';
import type { RedisConnections } from './redis-connections.js';

/** Counters in Redis, spread over the partitions by what is counted. Those of a Redis that is away go on in memory. */
export class PartitionedCounters implements RateCounters {
  readonly #counters: readonly RateCounters[];

  constructor(redis: Pick<RedisConnections, 'of' | 'partitions'>, times: CounterTimes) {
    this.#counters = Array.from({ length: redis.partitions }, (_, partition) => {
      const keyPrefix = countersPrefix(partitionPrefix(partition));
      const storeClient = redis.of(partition).raw;
      return new InsuredCounters(new RateLimiterRedis({ ...limiterOptions, keyPrefix, storeClient }), times);
    });
  }

  add(key: string, windowSeconds: number): Promise<RateCount> {
    return this.#of(key).add(key, windowSeconds);
  }

  count(key: string): Promise<RateCount> {
    return this.#of(key).count(key);
  }

  forget(key: string): Promise<void> {
    return this.#of(key).forget(key);
  }

  #of(key: string): RateCounters {
    const partition = partitionOf(key, this.#counters.length);
    const counters = this.#counters[partition];
    if (!counters) throw new Error(`there is no partition ${partition}`);
    return counters;
  }
}
