import type { Metric } from 'prom-client';
import { definitions } from '@keybin/shared/metrics/definitions.js';
import type { Metrics } from '@keybin/shared/metrics/metrics.js';

const name = 'keybin_http_request_duration_seconds';
const { help, buckets: bounds } = definitions[name];

/** Durations of the requests of one route, method and status. */
class Tally {
  /** One count for each bound, and one for what is above the last bound. */
  readonly counts = new Float64Array(bounds.length + 1);
  sum = 0;

  add(seconds: number): void {
    let at = 0;
    while (at < bounds.length && seconds > (bounds[at] ?? 0)) at += 1;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.sum += seconds;
  }
}

/** Methods with a label of their own. All others share one, because a client can invent as many as it likes. */
const knownMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const otherMethod = 'other';
/** Label of requests that no route takes. */
const noRoute = 'none';

/**
 * Histogram of request durations. prom-client's own takes a microsecond for each observation, most of it for the names
 * of labels. That is a twentieth of a request. This one counts in plain numbers and makes a histogram only when it is
 * read.
 */
export class RequestDurations {
  /** Tallies by route, then method, then status. */
  readonly #routes = new Map<string, Map<string, Map<number, Tally>>>();

  constructor({ registry }: Pick<Metrics, 'registry'>) {
    const metric = { name, get: async () => this.#values() };
    // A registry needs only the name and `get()` of a metric. prom-client itself registers such objects when it
    // aggregates
    registry.registerMetric(metric as unknown as Metric);
  }

  /** Counts a request. `route` is a template, or `undefined` if no route took it. */
  add(route: string | undefined, method: string, status: number, seconds: number): void {
    const methods = entryOf(this.#routes, route ?? noRoute, newMap<string, Map<number, Tally>>);
    const statuses = entryOf(methods, knownMethods.has(method) ? method : otherMethod, newMap<number, Tally>);
    entryOf(statuses, status, newTally).add(seconds);
  }

  #values() {
    const values: { metricName: string; labels: Record<string, string | number>; value: number }[] = [];
    for (const [route, methods] of this.#routes) {
      for (const [method, statuses] of methods) {
        for (const [status, { counts, sum }] of statuses) {
          const labels = { route, method, status };
          let below = 0;
          counts.forEach((count, at) => {
            below += count;
            values.push({
              metricName: `${name}_bucket`,
              labels: { le: bounds[at] ?? '+Inf', ...labels },
              value: below,
            });
          });
          values.push({ metricName: `${name}_sum`, labels, value: sum });
          values.push({ metricName: `${name}_count`, labels, value: below });
        }
      }
    }
    return { name, help, type: 'histogram', values, aggregator: 'sum' };
  }
}

function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

const newMap = <Key, Value>() => new Map<Key, Value>();
const newTally = () => new Tally();
