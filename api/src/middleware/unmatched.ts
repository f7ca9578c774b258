import type { RouterContext } from '@koa/router';
import type { Context } from 'koa';
import { methodNotAllowed, routeNotFound } from '@keybin/shared/errors.js';

/**
 * Refuses requests that no route took: 404, or 405 with the methods that the path has. The router's own
 * `allowedMethods` responds with 501 to methods that no route has.
 */
export function refuseUnmatched(ctx: Context): void {
  // The router sets this member, which the type of the context does not have
  const { matched = [] } = ctx as unknown as Partial<RouterContext>;
  // Middleware of a router also matches, and has none
  const methods = new Set(matched.flatMap((route) => route.methods));
  if (methods.size === 0) throw routeNotFound();
  ctx.set('Allow', [...methods].join(', '));
  if (ctx.method !== 'OPTIONS') throw methodNotAllowed();
  ctx.status = 200;
  ctx.body = '';
}
