import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry, type Registry } from 'prom-client';
import { atMostEvery } from '@keybin/shared/batching/at-most-every.js';
import { settledWithin, withDeadline } from '@keybin/shared/deadline.js';
import type { Log } from '@keybin/shared/process/log.js';
import type { TimeBudget } from '@keybin/shared/time-budget.js';
import { tell, type ChildMessage, type MetricsOfProcess, type PrimaryMessage } from './child-messages.js';

/**
 * The primary's part in the metrics of all processes. A scraper reaches any child, which asks the primary, which asks
 * all children.
 *
 * The last metrics of each child are kept. They count for a child that hangs. Counters of a child that has exited stay
 * in the sum, else the sum would fall. Prometheus takes a fall for a restart, and would count again what the other
 * children have counted.
 */
export class ClusterMetrics {
  readonly #last = new Map<number, MetricsOfProcess>();
  readonly #asked = new Map<number, (child: number) => void>();
  #ended: MetricsOfProcess = [];
  #requests = 0;
  readonly #textOfAll: () => Promise<string>;

  /** Listens to all children. Errors are logged; a missing metric must not end a process. */
  constructor(
    log: Log,
    private readonly times: Pick<TimeBudget, 'tellMetricsMs' | 'monitoringMs'>,
  ) {
    this.#textOfAll = atMostEvery(times.monitoringMs, async () => {
      await this.#askAll();
      return AggregatorRegistry.aggregate([this.#ended, ...this.#last.values()]).metrics();
    });
    const orLogged = (work: Promise<void>) =>
      work.catch((error: unknown) => log.error({ err: error }, 'Metrics of the processes could not be aggregated'));
    cluster.on('message', (child, message: ChildMessage) => {
      if (message.type === 'metrics-wanted') void orLogged(this.#answer(child, message.request));
      if (message.type !== 'metrics') return;
      this.#last.set(child.id, message.metrics);
      this.#asked.get(message.request)?.(child.id);
    });
    cluster.on('exit', ({ id }) => void orLogged(this.#keepCountsOf(id)));
  }

  async #answer(child: Worker, request: number): Promise<void> {
    tell(child, { type: 'metrics-of-all', request, text: await this.#textOfAll() });
  }

  /** Asks all children for their metrics. Resolves when all have sent them, or the time is over. */
  async #askAll(): Promise<void> {
    const request = this.#requests++;
    const children = Object.values(cluster.workers ?? {}).flatMap((child) => (child?.isConnected() ? [child] : []));
    const silent = new Set(children.map(({ id }) => id));
    const told = new Promise<void>((resolve) => {
      this.#asked.set(request, (child) => {
        silent.delete(child);
        if (silent.size === 0) resolve();
      });
    });
    for (const child of children) tell(child, { type: 'tell-metrics', request });
    await settledWithin(told, this.times.tellMetricsMs); // the last metrics of the others count
    this.#asked.delete(request);
  }

  async #keepCountsOf(child: number): Promise<void> {
    const last = this.#last.get(child) ?? [];
    this.#last.delete(child);
    const counts = last.filter(({ type }) => String(type) !== 'gauge');
    this.#ended = await AggregatorRegistry.aggregate([this.#ended, counts]).getMetricsAsJSON();
  }
}

/**
 * Sends this child's metrics whenever the primary asks for them. Returns a function that asks the primary for the
 * metrics of all processes, as text.
 */
export function readClusterMetrics(worker: Worker, registry: Registry, timeoutMs: number): () => Promise<string> {
  const asked = new Map<number, (text: string) => void>();
  let requests = 0;
  worker.on('message', async (message: PrimaryMessage) => {
    if (message.type === 'metrics-of-all') asked.get(message.request)?.(message.text);
    if (message.type !== 'tell-metrics') return;
    const metrics = await registry.getMetricsAsJSON().catch(() => undefined); // then its last metrics count
    if (metrics) tell(worker, { type: 'metrics', request: message.request, metrics });
  });
  return async () => {
    const request = requests++;
    const text = new Promise<string>((resolve) => asked.set(request, resolve));
    try {
      tell(worker, { type: 'metrics-wanted', request });
      return await withDeadline(text, timeoutMs, 'collecting the metrics of all processes');
    } finally {
      asked.delete(request);
    }
  };
}
