/** Definition of one metric, for Prometheus and the operator. */
export interface Definition {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
  /** Upper bounds of a histogram. */
  readonly buckets?: readonly number[];
  /** Processes that have it. `queue` means API and worker of the scale-out engine. */
  readonly reportedBy: 'API' | 'worker' | 'API and worker' | 'queue';
  /**
   * Combination of the values of several processes at one address. `max` is for processes that all see the same value.
   */
  readonly aggregator?: 'sum' | 'max' | 'min' | 'first';
}

const answerBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const lagBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const hashBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const batchBuckets = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 10_000];

/**
 * All metrics that Keybin itself defines. No label holds a user, a key, a token or anything else that a client chooses.
 * The list in docs/operations/metrics.md follows from this. Tests compare the dashboard and the alerts with it.
 */
export const definitions = {
  keybin_build_info: {
    kind: 'gauge',
    help: 'Always 1; the labels say what runs',
    labels: ['version', 'node'],
    reportedBy: 'API and worker',
    aggregator: 'first',
  },
  keybin_descriptor_shortages_total: {
    kind: 'counter',
    help: 'Times that nearly no file descriptors were left',
    reportedBy: 'API and worker',
  },
  keybin_certificate_expiration_timestamp_seconds: {
    kind: 'gauge',
    help: 'Time at which a certificate expires, in seconds since 1970, for each one in a file that a setting names',
    labels: ['setting', 'subject', 'serial'],
    reportedBy: 'API and worker',
    aggregator: 'max',
  },
  keybin_http_request_duration_seconds: {
    kind: 'histogram',
    help: 'Seconds from the headers of a request to its response, by route template, method and status',
    labels: ['route', 'method', 'status'],
    buckets: answerBuckets,
    reportedBy: 'API',
  },
  keybin_writes_accepted_total: {
    kind: 'counter',
    help: 'Acknowledged writes and deletes of entries and posts',
    reportedBy: 'API',
  },
  keybin_writes_coalesced_total: {
    kind: 'counter',
    help: 'Accepted writes that replaced a pending one',
    reportedBy: 'API',
  },
  keybin_writes_applied_total: {
    kind: 'counter',
    help: 'Writes applied to the store, by a worker or directly by the embedded engine',
    reportedBy: 'API and worker',
  },
  keybin_writes_rejected_total: {
    kind: 'counter',
    help: 'Acknowledged writes that MongoDB rejected',
    reportedBy: 'worker',
  },
  keybin_writes_retried_total: {
    kind: 'counter',
    help: 'Writes that were applied again because a service was down',
    reportedBy: 'worker',
  },
  keybin_invariant_failures_total: {
    kind: 'counter',
    help: 'Writes and batches that failed because an invariant of Keybin did not hold',
    labels: ['invariant'],
    reportedBy: 'API and worker',
  },
  keybin_accept_to_applied_seconds: {
    kind: 'histogram',
    help: 'Seconds from accepting a write until MongoDB has it',
    buckets: lagBuckets,
    reportedBy: 'worker',
  },
  keybin_batch_entries: {
    kind: 'histogram',
    help: 'Writes in one commit (step="accept") or in one batch (step="apply")',
    labels: ['step'],
    buckets: batchBuckets,
    reportedBy: 'API and worker',
  },
  keybin_oldest_unapplied_seconds: {
    kind: 'gauge',
    help: 'Age of the oldest pending write; 0 if none is pending',
    labels: ['partition'],
    reportedBy: 'queue',
    aggregator: 'max',
  },
  keybin_pending_entries: {
    kind: 'gauge',
    help: 'Pending entries',
    labels: ['partition'],
    reportedBy: 'queue',
    aggregator: 'max',
  },
  keybin_pending_bytes: {
    kind: 'gauge',
    help: 'Bytes in Redis used by pending and rejected entries',
    labels: ['partition'],
    reportedBy: 'queue',
    aggregator: 'max',
  },
  keybin_rejected_entries: {
    kind: 'gauge',
    help: 'Entries that MongoDB rejected; they stay readable until an operator retries them',
    labels: ['partition'],
    reportedBy: 'queue',
    aggregator: 'max',
  },
  keybin_jobs: {
    kind: 'gauge',
    help: 'Jobs in the queue, by state: waiting, active, delayed, failed',
    labels: ['partition', 'state'],
    reportedBy: 'queue',
    aggregator: 'max',
  },
  keybin_queue_paused: {
    kind: 'gauge',
    help: '1 if an operator has paused the queue, else 0',
    labels: ['partition'],
    reportedBy: 'queue',
    aggregator: 'max',
  },
  keybin_dependency_up: {
    kind: 'gauge',
    help: '1 if a service that this process needs responds, else 0',
    labels: ['dependency'],
    reportedBy: 'API and worker',
    aggregator: 'min',
  },
  keybin_dependency_impaired: {
    kind: 'gauge',
    help: '1 if a service responds but must be fixed, such as a Redis that refuses writes or could lose them, else 0',
    labels: ['dependency'],
    reportedBy: 'API and worker',
    aggregator: 'max',
  },
  keybin_tokens_issued_total: {
    kind: 'counter',
    help: 'Tokens issued, by dialect',
    labels: ['dialect'],
    reportedBy: 'API',
  },
  keybin_logins_refused_total: {
    kind: 'counter',
    help: 'Logins with an unknown name or a wrong password',
    reportedBy: 'API',
  },
  keybin_rate_limited_total: {
    kind: 'counter',
    help: 'Requests that got 429, by rate limit',
    labels: ['limit'],
    reportedBy: 'API',
  },
  keybin_bcrypt_waiting: {
    kind: 'gauge',
    help: 'Passwords waiting to be hashed',
    reportedBy: 'API',
  },
  keybin_bcrypt_seconds: {
    kind: 'histogram',
    help: 'Seconds to hash one password, without waiting',
    buckets: hashBuckets,
    reportedBy: 'API',
  },
} as const satisfies Readonly<Record<string, Definition>>;

export type MetricName = keyof typeof definitions;

/** Names of the metrics of one kind. */
export type NameOf<K extends Definition['kind']> = {
  [N in MetricName]: (typeof definitions)[N]['kind'] extends K ? N : never;
}[MetricName];

export const definitionOf = (name: MetricName): Definition => definitions[name];
