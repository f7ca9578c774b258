import type { Middleware } from 'koa';
import type { Config } from '@keybin/shared/config/config.js';
import { openQueueDashboard } from '@keybin/shared/engines/open-engine.js';
import type { Lifecycle } from '@keybin/shared/process/lifecycle.js';
import type { Log } from '@keybin/shared/process/log.js';
import type { RateLimits } from '../accounts/rate-limits.js';

/**
 * Opens the dashboard if an administrator is configured and the engine has a queue. Loads its libraries only then.
 * Throws `unavailable`.
 */
export async function openDashboard(
  config: Config,
  log: Log,
  lifecycle: Lifecycle,
): Promise<((limits: RateLimits) => Middleware) | undefined> {
  const { user, password } = config.admin;
  if (user === undefined || password === undefined) return undefined;
  const board = await openQueueDashboard(config, log);
  if (!board) return undefined;
  lifecycle.push('dashboard', async () => board.close());
  const { createDashboard } = await import('./dashboard.js');
  return (limits) => createDashboard(board, { user, password }, limits);
}
