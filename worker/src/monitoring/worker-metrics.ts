import type { Counter, Histogram } from 'prom-client';
import type { Log } from '@keybin/shared/process/log.js';
import { Metrics } from '@keybin/shared/metrics/metrics.js';
import type { ApplyObserver } from '../apply/applier.js';

export class WorkerMetrics extends Metrics implements ApplyObserver {
  readonly #applied: Counter = this.counter('keybin_writes_applied_total');
  readonly #rejected: Counter = this.counter('keybin_writes_rejected_total');
  readonly #retried: Counter = this.counter('keybin_writes_retried_total');
  readonly #lag: Histogram = this.histogram('keybin_accept_to_applied_seconds');
  readonly #batches = this.histogram('keybin_batch_entries').labels('apply');
  readonly invariantFailed: ApplyObserver['invariantFailed'];
  #lastBatchAt: Date | undefined;

  constructor(log: Log) {
    super();
    this.invariantFailed = this.invariantObserver(log).invariantFailed;
  }

  /** Time when this process last applied a batch. */
  get lastBatchAt(): Date | undefined {
    return this.#lastBatchAt;
  }

  applied(lagsSeconds: readonly number[]): void {
    this.#lastBatchAt = new Date();
    if (lagsSeconds.length === 0) return;
    this.#applied.inc(lagsSeconds.length);
    this.#batches.observe(lagsSeconds.length);
    for (const seconds of lagsSeconds) this.#lag.observe(seconds);
  }

  rejected(writes: number): void {
    this.#rejected.inc(writes);
  }

  retried(writes: number): void {
    this.#retried.inc(writes);
  }
}
