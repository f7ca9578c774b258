import type { RouterContext } from '@koa/router';
import type { Context } from 'koa';
import { methodNotAllowed, routeNotFound } from '@keybin/shared/errors.js';

/**
 * Refuses what no route took: 404, or 405 with the methods that the path has. The router's own `allowedMethods` answers 501 to
 * methods that no route has.
 */
export function refuseUnmatched(ctx: Context): void {
  const { matched = [] } = ctx as unknown as Partial<RouterContext>; // set by the router, which the context's type cannot know
  const methods = new Set(matched.flatMap((route) => route.methods)); // a router's own middleware matches, and has none
  if (methods.size === 0) throw routeNotFound();
  ctx.set('Allow', [...methods].join(', '));
  if (ctx.method !== 'OPTIONS') throw methodNotAllowed();
  ctx.status = 200;
  ctx.body = '';
}
