/** One metric, as Prometheus and the operator see it. */
export interface Definition {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
  /** Upper bounds, for a histogram. */
  readonly buckets?: readonly number[];
  /** Which processes have it; `queue`: of the scale-out engine, the API and the worker. */
  readonly of: 'API' | 'worker' | 'API and worker' | 'queue';
  /** How the values of several processes at one address become one; `max` for what each of them sees of the same thing. */
  readonly aggregator?: 'sum' | 'max' | 'min' | 'first';
}

const answerBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const lagBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const hashBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const batchBuckets = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 10_000];

/**
 * Every metric of Keybin's own. No label holds a user, a key, a token or anything else that a client chooses. The list in
 * OPERATIONS.md follows from this; dashboard and alerts are held against it.
 */
export const definitions = {
  keybin_build_info: {
    kind: 'gauge',
    help: 'Always 1; what runs here is in the labels',
    labels: ['version', 'node'],
    of: 'API and worker',
    aggregator: 'first',
  },
  keybin_http_request_duration_seconds: {
    kind: 'histogram',
    help: 'Requests by route template, method and status: seconds from the head of the request to the answer',
    labels: ['route', 'method', 'status'],
    buckets: answerBuckets,
    of: 'API',
  },
  keybin_writes_accepted_total: {
    kind: 'counter',
    help: 'Writes and deletes of entries and posts that were answered as durable',
    of: 'API',
  },
  keybin_writes_coalesced_total: {
    kind: 'counter',
    help: 'Accepted writes that took the place of one that was not applied yet',
    of: 'API',
  },
  keybin_writes_applied_total: {
    kind: 'counter',
    help: 'Writes that the store has: by a worker, or at once by an embedded engine',
    of: 'API and worker',
  },
  keybin_writes_rejected_total: {
    kind: 'counter',
    help: 'Accepted writes that MongoDB rejected',
    of: 'worker',
  },
  keybin_writes_retried_total: {
    kind: 'counter',
    help: 'Writes in batches that failed because a service was away and were applied again',
    of: 'worker',
  },
  keybin_accept_to_applied_seconds: {
    kind: 'histogram',
    help: 'Seconds from the acceptance of a write until MongoDB has it',
    buckets: lagBuckets,
    of: 'worker',
  },
  keybin_batch_entries: {
    kind: 'histogram',
    help: 'Writes that one commit accepted (step="accept") or that were applied together (step="apply")',
    labels: ['step'],
    buckets: batchBuckets,
    of: 'API and worker',
  },
  keybin_oldest_unapplied_seconds: {
    kind: 'gauge',
    help: 'Age of the oldest accepted write that is not applied; 0: all are',
    labels: ['partition'],
    of: 'queue',
    aggregator: 'max',
  },
  keybin_pending_entries: {
    kind: 'gauge',
    help: 'Entries that wait to be applied',
    labels: ['partition'],
    of: 'queue',
    aggregator: 'max',
  },
  keybin_pending_bytes: {
    kind: 'gauge',
    help: 'Room in Redis taken by entries that wait or are rejected',
    labels: ['partition'],
    of: 'queue',
    aggregator: 'max',
  },
  keybin_rejected_entries: {
    kind: 'gauge',
    help: 'Entries that MongoDB rejected; they are readable and wait for the operator',
    labels: ['partition'],
    of: 'queue',
    aggregator: 'max',
  },
  keybin_jobs: {
    kind: 'gauge',
    help: 'Jobs of the queue by state: waiting, active, delayed, failed',
    labels: ['partition', 'state'],
    of: 'queue',
    aggregator: 'max',
  },
  keybin_queue_paused: {
    kind: 'gauge',
    help: 'Whether workers take no jobs because an operator said so; 1: paused',
    labels: ['partition'],
    of: 'queue',
    aggregator: 'max',
  },
  keybin_dependency_up: {
    kind: 'gauge',
    help: 'Whether a service that this process needs answers; 1: it does',
    labels: ['dependency'],
    of: 'API and worker',
    aggregator: 'min',
  },
  keybin_dependency_impaired: {
    kind: 'gauge',
    help: 'Whether a service answers but must be mended, such as a Redis that could lose answered writes; 1: it must',
    labels: ['dependency'],
    of: 'API and worker',
    aggregator: 'max',
  },
  keybin_tokens_issued_total: {
    kind: 'counter',
    help: 'Tokens issued, by dialect',
    labels: ['dialect'],
    of: 'API',
  },
  keybin_logins_refused_total: {
    kind: 'counter',
    help: 'Logins with an unknown name or a wrong password',
    of: 'API',
  },
  keybin_rate_limited_total: {
    kind: 'counter',
    help: 'Requests answered 429, by limit',
    labels: ['limit'],
    of: 'API',
  },
  keybin_bcrypt_waiting: {
    kind: 'gauge',
    help: 'Passwords that wait for a core to be hashed on',
    of: 'API',
  },
  keybin_bcrypt_seconds: {
    kind: 'histogram',
    help: 'Seconds that hashing one password took, without waiting',
    buckets: hashBuckets,
    of: 'API',
  },
} as const satisfies Readonly<Record<string, Definition>>;

export type MetricName = keyof typeof definitions;

/** The metrics of one kind. */
export type NameOf<K extends Definition['kind']> = {
  [N in MetricName]: (typeof definitions)[N]['kind'] extends K ? N : never;
}[MetricName];

export const definitionOf = (name: MetricName): Definition => definitions[name];
