import type { Context } from 'koa';

/** Returns the token in `Authorization: Bearer` (RFC 6750, section 2.1). */
export function bearerOf(ctx: Pick<Context, 'get'>): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(ctx.get('Authorization'))?.[1];
}
