import cors from '@koa/cors';
import type { Middleware } from 'koa';

const preflightSeconds = 600;

/**
 * Lets pages of these origins, or of all (`*`), call the API, by the CORS protocol of the Fetch standard. Credentials
 * are not allowed, because cookies are not used: a page sends its token or password itself.
 */
export function allowCors(origins: readonly string[]): Middleware {
  const all = origins.includes('*');
  return cors({
    origin: (ctx) => {
      const origin = ctx.get('Origin');
      if (all) return '*';
      return origins.includes(origin) ? origin : '';
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
