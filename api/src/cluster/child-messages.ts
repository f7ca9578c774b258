import type { Registry } from 'prom-client';

/** As prom-client puts the metrics of a registry into messages. */
export type MetricsOfProcess = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** What a child tells when it serves. */
export interface Listening {
  readonly address: string;
  readonly data: string;
}

/** From a child to the primary. */
export type ChildMessage =
  | ({ readonly type: 'listening' } & Listening)
  /** The child was asked for the metrics of all. */
  | { readonly type: 'metrics-wanted'; readonly request: number }
  /** Its own. */
  | { readonly type: 'metrics'; readonly request: number; readonly metrics: MetricsOfProcess };

/** From the primary to a child. */
export type PrimaryMessage =
  | { readonly type: 'end' }
  | { readonly type: 'tell-metrics'; readonly request: number }
  | { readonly type: 'metrics-of-all'; readonly request: number; readonly text: string };
