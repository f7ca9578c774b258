import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Log } from '../process/log.js';
import { invariants, type InvariantObserver } from '../invariant.js';
import { DescriptorWatch } from '../process/descriptor-watch.js';
import type { TimeBudget } from '../time-budget.js';
import { keybinVersion } from '../process/version.js';
import { definitionOf, type NameOf, type MetricName } from './definitions.js';

/**
 * Default metrics that are removed: their names break the rules of Prometheus, and listing what is active is costly
 * with many connections.
 */
const unwanted = ['handles', 'requests', 'resources'].flatMap((what) => [
  `nodejs_active_${what}`,
  `nodejs_active_${what}_total`,
]);

/** Metrics of one process, as `definitions.ts` defines them. */
export class Metrics {
  readonly registry = new Registry();

  /**
   * Starts with the process's own metrics (CPU, memory, event-loop lag, garbage collection) and the build information.
   */
  constructor() {
    collectDefaultMetrics({ register: this.registry });
    for (const name of unwanted) this.registry.removeSingleMetric(name);
    this.gauge('keybin_build_info').set({ version: keybinVersion(), node: process.version }, 1);
  }

  /** Returns an observer that counts invariants that do not hold, and logs them. */
  invariantObserver(log: Log): InvariantObserver {
    const failures = this.counter('keybin_invariant_failures_total');
    for (const invariant of Object.keys(invariants)) failures.inc({ invariant }, 0); // a rate needs a first value
    return {
      invariantFailed: (error) => {
        failures.inc({ invariant: error.invariant });
        log.error({ err: error }, 'An invariant does not hold: the write or batch fails');
      },
    };
  }

  /** Counts shortages of file descriptors until the watch is closed. */
  watchDescriptors(log: Log, { lookMs }: Pick<TimeBudget, 'lookMs'>): DescriptorWatch {
    return new DescriptorWatch(this.counter('keybin_descriptor_shortages_total'), log, lookMs);
  }

  counter(name: NameOf<'counter'>): Counter {
    return new Counter(this.#settings(name));
  }

  /** Creates a gauge. `collect` sets its values when they are read. */
  gauge(name: NameOf<'gauge'>, collect?: (gauge: Gauge) => void | Promise<void>): Gauge {
    return new Gauge({
      ...this.#settings(name),
      ...(collect && {
        collect() {
          return collect(this);
        },
      }),
    });
  }

  histogram(name: NameOf<'histogram'>): Histogram {
    const { buckets = [] } = definitionOf(name);
    return new Histogram({ ...this.#settings(name), buckets: [...buckets] });
  }

  #settings(name: MetricName) {
    const { help, labels = [], aggregator = 'sum' } = definitionOf(name);
    return { name, help, labelNames: [...labels], registers: [this.registry], aggregator };
  }
}
