import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry, type Registry } from 'prom-client';
import { settledWithin, withDeadline } from '@keybin/shared/deadline.js';
import type { Log } from '@keybin/shared/process/log.js';
import type { ChildMessage, PrimaryMessage, MetricsOfProcess } from './child-messages.js';

/**
 * The primary's part in the metrics of all: a scraper reaches any child, which asks the primary, which asks all of them.
 *
 * What a child told last is kept. It counts for a child that hangs, and its counts go on counting when the child has ended: else
 * the sum would fall, which means a new start to Prometheus, and then rise by all that the others have counted since theirs.
 */
export class ClusterMetrics {
  readonly #last = new Map<number, MetricsOfProcess>();
  readonly #asked = new Map<number, (child: number) => void>();
  #ended: MetricsOfProcess = [];
  #requests = 0;

  /** Listens to all children. What goes wrong is logged: for want of a figure nobody ends. */
  constructor(
    log: Log,
    private readonly timeoutMs: number,
  ) {
    const orLogged = (work: Promise<void>) =>
      work.catch((error: unknown) => log.error({ err: error }, 'Metrics of the processes could not be added up'));
    cluster.on('message', (child, message: ChildMessage) => {
      if (message.type === 'metrics-wanted') void orLogged(this.#answer(child, message.request));
      if (message.type !== 'metrics') return;
      this.#last.set(child.id, message.metrics);
      this.#asked.get(message.request)?.(child.id);
    });
    cluster.on('exit', ({ id }) => void orLogged(this.#keepCountsOf(id)));
  }

  async #answer(child: Worker, request: number): Promise<void> {
    await this.#askAll();
    const text = await AggregatorRegistry.aggregate([this.#ended, ...this.#last.values()]).metrics();
    if (child.isConnected()) child.send({ type: 'metrics-of-all', request, text } satisfies PrimaryMessage);
  }

  /** Resolves when all have told, or the time is over. */
  async #askAll(): Promise<void> {
    const request = this.#requests++;
    const children = Object.values(cluster.workers ?? {}).filter((child) => child?.isConnected());
    const silent = new Set(children.map((child) => child?.id));
    const told = new Promise<void>((resolve) => {
      this.#asked.set(request, (child) => {
        silent.delete(child);
        if (silent.size === 0) resolve();
      });
    });
    for (const child of children) child?.send({ type: 'tell-metrics', request } satisfies PrimaryMessage);
    await settledWithin(told, this.timeoutMs); // of the others, what they told last counts
    this.#asked.delete(request);
  }

  async #keepCountsOf(child: number): Promise<void> {
    const last = this.#last.get(child) ?? [];
    this.#last.delete(child);
    const counts = last.filter(({ type }) => String(type) !== 'gauge');
    this.#ended = await AggregatorRegistry.aggregate([this.#ended, counts]).getMetricsAsJSON();
  }
}

/** Answers the primary's questions for this child's metrics; answers a function that asks it for those of all, as text. */
export function readClusterMetrics(worker: Worker, registry: Registry, timeoutMs: number): () => Promise<string> {
  const send = (message: ChildMessage) => worker.isConnected() && worker.send(message);
  const asked = new Map<number, (text: string) => void>();
  let requests = 0;
  worker.on('message', async (message: PrimaryMessage) => {
    if (message.type === 'metrics-of-all') asked.get(message.request)?.(message.text);
    if (message.type !== 'tell-metrics') return;
    const metrics = await registry.getMetricsAsJSON().catch(() => undefined); // then what it told last counts
    if (metrics) send({ type: 'metrics', request: message.request, metrics });
  });
  return async () => {
    const request = requests++;
    const text = new Promise<string>((resolve) => asked.set(request, resolve));
    try {
      send({ type: 'metrics-wanted', request });
      return await withDeadline(text, timeoutMs, 'asking for the metrics of all processes');
    } finally {
      asked.delete(request);
    }
  };
}
