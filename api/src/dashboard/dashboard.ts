import { createBullBoard } from '@bull-board/api';
import { KoaAdapter } from '@bull-board/koa';
import type { Middleware } from 'koa';
import { routeNotFound } from '@keybin/shared/errors.js';
import type { QueueDashboard } from '@keybin/shared/ports/queue-dashboard.js';
import type { RateLimits } from '../accounts/rate-limits.js';
import { guard, type Admin } from './guard.js';

export const dashboardPath = '/admin/queues';

/** Adapter that removes the stack from errors, whatever NODE_ENV says. */
class TerseAdapter extends KoaAdapter {
  override setErrorHandler(handler: Parameters<KoaAdapter['setErrorHandler']>[0]): this {
    return super.setErrorHandler((error) => handler(Object.assign(error, { stack: undefined })));
  }
}

/** Returns the pages of Bull Board below `dashboardPath`, for the administrator. */
export function createDashboard(board: QueueDashboard, admin: Admin, limits: RateLimits): Middleware {
  const server = new TerseAdapter().setBasePath(dashboardPath);
  createBullBoard({
    queues: [...board.queues],
    serverAdapter: server,
    options: { uiConfig: { boardTitle: 'Keybin', pollingInterval: { showSetting: true } } },
  });
  const pages = server.registerPlugin() as unknown as Middleware; // a Koa middleware, typed by another path
  const guarded = guard(admin, limits);
  return async (ctx, next) => {
    if (ctx.path !== dashboardPath && !ctx.path.startsWith(`${dashboardPath}/`)) {
      await next();
      return;
    }
    // Bull Board also answers errors thrown by its `next`, so the 404 is thrown afterwards
    let isUnknown = false;
    await guarded(ctx, () =>
      pages(ctx, async () => {
        isUnknown = true;
      }),
    );
    if (isUnknown) throw routeNotFound();
  };
}
