import type { RouterContext } from '@koa/router';
import type { Middleware } from 'koa';
import type { Log } from '@keybin/shared/log.js';

/** One debug line for each answer. It names the route and never the path, which holds a token. */
export function logRequests(log: Log): Middleware {
  return async (ctx, next) => {
    const startedMs = performance.now();
    await next();
    const { routerPath } = ctx as unknown as Partial<RouterContext>; // set by the router, which the context's type cannot know
    const ms = Math.round(performance.now() - startedMs);
    log.debug({ method: ctx.method, route: routerPath ?? null, status: ctx.status, ms }, 'Answered');
  };
}
