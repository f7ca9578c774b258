import type { Middleware } from 'koa';

/** Nobody on the way may keep the answer: it holds a token, or is nobody else's. */
export const noStore: Middleware = (ctx, next) => {
  ctx.set('Cache-Control', 'no-store');
  return next();
};
