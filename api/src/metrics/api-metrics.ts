import type { Counter } from 'prom-client';
import { Metrics } from '@keybin/shared/metrics/metrics.js';
import { collectWriteMetrics } from '@keybin/shared/metrics/write-metrics.js';
import { RequestDurations } from './request-durations.js';

/** The metrics of an API process. */
export class ApiMetrics extends Metrics {
  readonly requests = new RequestDurations(this);
  readonly writes = collectWriteMetrics(this);
  readonly tokensIssued: Counter = this.counter('keybin_tokens_issued_total');
  readonly loginsRefused: Counter = this.counter('keybin_logins_refused_total');
  /** By the name of the limit. */
  readonly rateLimited: Counter = this.counter('keybin_rate_limited_total');
  readonly hashSeconds = this.histogram('keybin_bcrypt_seconds');

  constructor() {
    super();
    for (const dialect of ['keybin', 'api', 'v1']) this.tokensIssued.inc({ dialect }, 0); // a rate needs a beginning
  }
}

/** What is counted for the operator; prom-client's counters are that. */
export interface Count {
  inc(): void;
}
