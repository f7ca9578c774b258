import type { Worker } from 'node:cluster';
import type { Registry } from 'prom-client';

/** Metrics of a registry, as prom-client puts them into messages. */
export type MetricsOfProcess = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** Address at which a child serves, and the location of its data. */
export interface Listening {
  readonly address: string;
  readonly data: string;
}

/** Message from a child to the primary. */
export type ChildMessage =
  | ({ readonly type: 'listening' } & Listening)
  /** Asks for the metrics of all processes, for a client that reached this child. */
  | { readonly type: 'metrics-wanted'; readonly request: number }
  /** Metrics of this child. */
  | { readonly type: 'metrics'; readonly request: number; readonly metrics: MetricsOfProcess };

/** Message from the primary to a child. */
export type PrimaryMessage =
  | { readonly type: 'end' }
  | { readonly type: 'tell-metrics'; readonly request: number }
  | { readonly type: 'metrics-of-all'; readonly request: number; readonly text: string };

/** Sends a message to the process at the other end. One that has just ended misses it. */
export function tell(worker: Worker, message: ChildMessage | PrimaryMessage): void {
  // Without a callback a failure would be an `error` event, which would end this process, too
  if (worker.isConnected()) worker.send(message, () => {});
}
