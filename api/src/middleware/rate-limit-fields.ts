import type { Context } from 'koa';
import type { RateLimitError } from '@keybin/shared/errors.js';

/**
 * Says when a client that was refused may come again: `Retry-After` (RFC 9110, section 10.2.3) and the fields of
 * draft-ietf-httpapi-ratelimit-headers-10, which are lists of structured fields (RFC 9651).
 */
export function tellRateLimit(ctx: Context, { limitName, limit, resetsInMs }: RateLimitError): void {
  const seconds = Math.max(1, Math.ceil(resetsInMs / 1_000));
  ctx.set('Retry-After', String(seconds));
  ctx.set('RateLimit', `"${limitName}";r=0;t=${seconds}`);
  ctx.set('RateLimit-Policy', `"${limitName}";q=${limit.count};w=${limit.windowSeconds}`);
}
