import { Router } from '@koa/router';
import type { Context, Middleware } from 'koa';
import { describeHealth } from '@keybin/shared/ports/health.js';
import type { Engine } from '@keybin/shared/ports/engine.js';
import { answerJson } from '../answers/answers.js';
import { middlewareOf } from './middleware-of.js';

export interface HealthParts {
  readonly engine: Pick<Engine, 'health'>;
  /** Whether this process has been told to end. */
  readonly isDraining: () => boolean;
}

/**
 * What supervisors and load balancers ask: `/livez`, whether the process answers at all, and `/readyz`, whether it should be sent
 * requests. Anyone may ask, so neither says where the dependencies are.
 */
export function healthRoutes({ engine, isDraining }: HealthParts): Middleware {
  const router = new Router();
  router.get('/livez', (ctx) => answer(ctx, 200, { status: 'live' }));
  router.get('/readyz', async (ctx) => {
    const health = isDraining() ? undefined : await engine.health();
    if (!health || isDraining()) return answer(ctx, 503, { status: 'draining' });
    answer(ctx, health.canServe ? 200 : 503, describeHealth(health));
  });
  return middlewareOf(router);
}

function answer(ctx: Context, status: number, body: object): void {
  ctx.status = status;
  ctx.set('Cache-Control', 'no-store');
  answerJson(ctx, JSON.stringify(body));
}
