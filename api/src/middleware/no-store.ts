import type { Middleware } from 'koa';

/** Tells caches not to store the response, because it holds a token or private data. */
export const noStore: Middleware = (ctx, next) => {
  ctx.set('Cache-Control', 'no-store');
  return next();
};
