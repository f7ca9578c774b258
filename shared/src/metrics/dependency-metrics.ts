import type { Gauge } from 'prom-client';
import { withDeadline } from '../deadline.js';
import type { DependencyHealth, Health } from '../ports/health.js';
import type { PartitionStatus } from '../ports/partition-status.js';
import type { Metrics } from './metrics.js';

/** Status of the services that a process depends on, read on demand. */
export interface ObservedDependencies {
  readonly health: () => Promise<Health>;
  /** Pending writes by partition; `undefined` on an engine that has none. */
  readonly backlog?: (() => Promise<PartitionStatus[]>) | undefined;
  /** Longest wait for each answer. */
  readonly timeoutMs: number;
}

/**
 * Returns a function that shares one running `ask` between all gauges. It resolves with `undefined` if there is no
 * answer in time.
 */
function shared<T>(ask: () => Promise<T>, timeoutMs: number, what: string): () => Promise<T | undefined> {
  let asked: Promise<T | undefined> | undefined;
  return () =>
    (asked ??= withDeadline(ask(), timeoutMs, what)
      .catch(() => undefined)
      .finally(() => (asked = undefined)));
}

/**
 * Adds gauges whose values are read when they are scraped. A gauge has no value while its source does not answer: an
 * old value would look like the current state.
 */
export function collectDependencyMetrics(metrics: Metrics, { health, backlog, timeoutMs }: ObservedDependencies): void {
  const askHealth = shared(health, timeoutMs, 'checking the dependencies');
  const eachDependency = (value: (dependency: DependencyHealth) => number) => async (gauge: Gauge) => {
    const known = await askHealth();
    gauge.reset();
    for (const each of known?.dependencies ?? []) gauge.set({ dependency: each.name }, value(each));
  };
  metrics.gauge(
    'keybin_dependency_up',
    eachDependency(({ answered }) => Number(answered)),
  );
  metrics.gauge(
    'keybin_dependency_impaired',
    eachDependency(({ answered, problem }) => Number(answered && problem !== undefined)),
  );
  if (!backlog) return;

  const askBacklog = shared(backlog, timeoutMs, 'reading the state of the queue');
  const eachPartition = (set: (gauge: Gauge, status: PartitionStatus) => void) => async (gauge: Gauge) => {
    const partitions = await askBacklog();
    gauge.reset();
    for (const status of partitions ?? []) set(gauge, status);
  };
  const byPartition = (value: (status: PartitionStatus) => number) =>
    eachPartition((gauge, status) => gauge.set({ partition: status.partition }, value(status)));
  metrics.gauge(
    'keybin_oldest_unapplied_seconds',
    byPartition(({ oldestUnappliedSeconds }) => oldestUnappliedSeconds),
  );
  metrics.gauge(
    'keybin_pending_entries',
    byPartition(({ pendingEntries }) => pendingEntries),
  );
  metrics.gauge(
    'keybin_pending_bytes',
    byPartition(({ pendingBytes }) => pendingBytes),
  );
  metrics.gauge(
    'keybin_rejected_entries',
    byPartition(({ rejected }) => rejected),
  );
  metrics.gauge(
    'keybin_queue_paused',
    byPartition(({ paused }) => Number(paused)),
  );
  metrics.gauge(
    'keybin_jobs',
    eachPartition((gauge, { partition, jobs }) => {
      for (const [state, count] of Object.entries(jobs)) gauge.set({ partition, state }, count);
    }),
  );
}
