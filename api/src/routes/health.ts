import { Router } from '@koa/router';
import type { Context, Middleware } from 'koa';
import { atMostEvery } from '@keybin/shared/batching/at-most-every.js';
import { describeHealth } from '@keybin/shared/ports/health.js';
import type { Engine } from '@keybin/shared/ports/engine.js';
import type { TimeBudget } from '@keybin/shared/time-budget.js';
import { answerJson } from '../answers/answers.js';
import { middlewareOf } from './middleware-of.js';

export interface HealthParts {
  readonly engine: Pick<Engine, 'health'>;
  /** Returns true once this process was told to shut down. */
  readonly isDraining: () => boolean;
  readonly times: Pick<TimeBudget, 'monitoringMs'>;
}

/**
 * Returns the routes for supervisors and load balancers. `/livez` responds with 200 while the process can respond at
 * all. `/readyz` responds with 200 while the process should get requests. Anyone may call them, so neither says where
 * the dependencies are. Other spellings of a path are not found, so that a proxy's rule for it leaves no way round.
 */
export function healthRoutes({ engine, isDraining, times }: HealthParts): Middleware {
  const router = new Router({ sensitive: true, strict: true });
  const look = atMostEvery(times.monitoringMs, () => engine.health());
  router.get('/livez', (ctx) => answer(ctx, 200, { status: 'live' }));
  router.get('/readyz', async (ctx) => {
    const health = isDraining() ? undefined : await look();
    if (!health || isDraining()) return answer(ctx, 503, { status: 'draining' });
    answer(ctx, health.canServe ? 200 : 503, describeHealth(health));
  });
  return middlewareOf(router);
}

function answer(ctx: Context, status: number, body: object): void {
  ctx.status = status;
  answerJson(ctx, JSON.stringify(body));
}
