import type { Worker } from 'node:cluster';
import type { Config } from '@keybin/shared/config/config.js';
import type { Lifecycle } from '@keybin/shared/process/lifecycle.js';
import type { Log } from '@keybin/shared/process/log.js';
import type { PrimaryMessage, Listening } from './child-messages.js';
import { Children } from './children.js';
import { ClusterMetrics } from './cluster-metrics.js';

/**
 * Runs `[APP] processes` children that share one address. The primary serves nothing. It restarts children, adds up
 * their metrics and passes the shutdown on. Resolves when all listen. Throws if a child cannot start.
 */
export async function runPrimary(config: Config, log: Log, lifecycle: Lifecycle): Promise<Listening> {
  const children = new Children(log);
  void new ClusterMetrics(log, config.times);
  lifecycle.push('children', async () => children.close());
  return children.start(config.app.processes);
}

/**
 * Shuts this child down when the primary says so. A terminal and some supervisors signal the whole process group, so a
 * child may get each signal twice. Only the primary can tell a second signal from the first.
 */
export function endWithPrimary(worker: Worker, lifecycle: Lifecycle): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => lifecycle.end(signal));
  worker.on('message', (message: PrimaryMessage) => {
    if (message.type === 'end') lifecycle.end('The primary shuts down');
  });
}
