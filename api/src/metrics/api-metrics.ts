import type { Counter } from 'prom-client';
import { Metrics } from '@keybin/shared/metrics/metrics.js';
import { collectWriteMetrics } from '@keybin/shared/metrics/write-metrics.js';
import { RequestDurations } from './request-durations.js';

/** Metrics of an API process. */
export class ApiMetrics extends Metrics {
  readonly requests = new RequestDurations(this);
  readonly writes = collectWriteMetrics(this);
  readonly tokensIssued: Counter = this.counter('keybin_tokens_issued_total');
  readonly loginsRefused: Counter = this.counter('keybin_logins_refused_total');
  /** Labelled with the name of the limit. */
  readonly rateLimited: Counter = this.counter('keybin_rate_limited_total');
  readonly hashSeconds = this.histogram('keybin_bcrypt_seconds');

  constructor() {
    super();
    for (const dialect of ['keybin', 'api', 'v1']) this.tokensIssued.inc({ dialect }, 0); // a rate needs a first sample
  }
}

/** Counter for the operator, such as prom-client's. */
export interface Count {
  inc(): void;
}
