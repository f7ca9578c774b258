import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Log } from '../process/log.js';
import { invariants, type InvariantObserver } from '../invariant.js';
import { keybinVersion } from '../process/version.js';
import { definitionOf, type NameOf, type MetricName } from './definitions.js';

/** prom-client's names for them break the rules of Prometheus, and listing what is active is costly with many connections. */
const unwanted = ['handles', 'requests', 'resources'].flatMap((what) => [
  `nodejs_active_${what}`,
  `nodejs_active_${what}_total`,
]);

/** The metrics of one process, each as `definitions.ts` has it. */
export class Metrics {
  readonly registry = new Registry();

  /** Has the process's own figures (CPU, memory, event-loop lag, garbage collection) and what is built from the start. */
  constructor() {
    collectDefaultMetrics({ register: this.registry });
    for (const name of unwanted) this.registry.removeSingleMetric(name);
    this.gauge('keybin_build_info').set({ version: keybinVersion(), node: process.version }, 1);
  }

  /** Counts invariants that do not hold, and has the log say so. */
  invariantObserver(log: Log): InvariantObserver {
    const failures = this.counter('keybin_invariant_failures_total');
    for (const invariant of Object.keys(invariants)) failures.inc({ invariant }, 0); // a rate needs a beginning
    return {
      invariantFailed: (error) => {
        failures.inc({ invariant: error.invariant });
        log.error({ err: error }, 'An invariant does not hold: what it belongs to is refused');
      },
    };
  }

  counter(name: NameOf<'counter'>): Counter {
    return new Counter(this.#settings(name));
  }

  /** `collect` sets the values when they are asked for. */
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
