import cors from '@koa/cors';
import type { Middleware } from 'koa';

const preflightSeconds = 600;

/**
 * Lets pages of these origins, or of all (`*`), call the API, by the CORS protocol of the Fetch standard. Credentials
 * are not allowed, because cookies are not used: a page sends its token or password itself.
 */
export function allowCors(origins: readonly string[]): Middleware {
  const all = origins.includes('*');
  const isAllowed = matcherOf(origins);
  return cors({
    origin: (ctx) => {
      const origin = ctx.get('Origin');
      if (all) return '*';
      return isAllowed(origin) ? origin : '';
    },
    allowMethods: ['GET', 'HEAD', 'POST', 'DELETE'],
    allowHeaders: ['Authorization', 'Content-Type', 'Range', 'X-Request-Id'],
    exposeHeaders: [
      'Accept-Ranges',
      'Content-Disposition',
      'Content-Range',
      'Location',
      'RateLimit',
      'RateLimit-Policy',
      'Retry-After',
      'Warning',
      'X-Request-Id',
    ],
    maxAge: preflightSeconds,
  });
}

/** Returns a function that tells which origins are meant. `https://*.example.com` means every host below that one. */
function matcherOf(origins: readonly string[]): (origin: string) => boolean {
  const exact = new Set(origins);
  const below = origins.flatMap((origin) => {
    const [, scheme, domain] = /^(https?:\/\/)\*(\..+)$/.exec(origin) ?? [];
    return scheme !== undefined && domain !== undefined ? [{ scheme, domain }] : [];
  });
  return (origin) =>
    exact.has(origin) ||
    below.some(({ scheme, domain }) => {
      const host = origin.slice(scheme.length, -domain.length);
      return origin.startsWith(scheme) && origin.endsWith(domain) && /^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(host);
    });
}
