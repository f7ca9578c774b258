import type { Config } from '@keybin/shared/config/config.js';
import type { Lifecycle } from '@keybin/shared/lifecycle.js';
import type { Log } from '@keybin/shared/log.js';
import { openMonitoring, type Monitored } from './monitoring.js';
import type { WorkerMetrics } from './worker-metrics.js';

export interface MonitorParts extends Pick<Monitored, 'health'> {
  readonly metrics: WorkerMetrics;
}

/** Listens on `[WORKER] port`, if there is one, from before the worker connects until it has drained. Throws when it is taken. */
export async function monitor(
  { worker: { host, port }, metrics: settings }: Config,
  { metrics, health }: MonitorParts,
  lifecycle: Lifecycle,
  log: Log,
): Promise<void> {
  if (port === undefined) return;
  const monitored = {
    settings,
    health,
    readMetrics: () => metrics.registry.metrics(),
    isDraining: () => lifecycle.ending,
    lastBatchAt: () => metrics.lastBatchAt,
  };
  const monitoring = await openMonitoring(monitored, host, port);
  lifecycle.push('monitoring', () => monitoring.close());
  log.info(`Worker answers /metrics, /livez and /readyz on ${monitoring.address}`);
}
