import type { RouterContext } from '@koa/router';
import type { Context, Middleware } from 'koa';
import type { Counter } from 'prom-client';
import { invalidHost, RateLimitError } from '@keybin/shared/errors.js';
import type { Log } from '@keybin/shared/log.js';
import type { Begun } from '../begun.js';
import { hasOneHost } from '../host.js';
import { requestIdOf, setRequestId } from '../request-id.js';
import type { RequestDurations } from '../request-durations.js';
import type { AnswerError } from './errors.js';
import { securityHeaders } from '../security-headers.js';

export interface EachRequestParts {
  readonly log: Log;
  readonly durations: RequestDurations;
  readonly rateLimited: Pick<Counter, 'inc'>;
  readonly answerError: AnswerError;
  readonly begun: Begun;
}

/**
 * What happens to each request, whatever becomes of it: its answer has an id and the security headers, an error is answered, and how long it
 * took is noted and, in detail, logged.
 * One layer and not three, since each layer of asynchronous middleware takes a twentieth of a request's time.
 */
export function eachRequest({ log, durations, rateLimited, answerError, begun }: EachRequestParts): Middleware {
  const isLogged = log.isLevelEnabled('debug');
  return async (ctx, next) => {
    const failure = begun.failureOf(ctx.req);
    const startedMs = failure?.startedMs ?? performance.now();
    setRequestId(ctx, failure?.requestId);
    for (const [name, value] of securityHeaders) ctx.res.setHeader(name, value);
    try {
      if (!hasOneHost(ctx.req)) throw invalidHost();
      await next();
    } catch (error) {
      if (error instanceof RateLimitError) rateLimited.inc({ limit: error.limitName });
      answerError(ctx, error);
    }
    const { method, status } = ctx;
    const ms = performance.now() - startedMs;
    const route = routeOf(ctx);
    durations.add(route, method, status, ms / 1_000);
    if (isLogged) {
      log.debug({ request: requestIdOf(ctx), method, route: route ?? null, status, ms: Math.round(ms) }, 'Answered');
    }
  };
}

/** The template of the route that took the request; never the path, which may hold a token. */
function routeOf(ctx: Context): string | undefined {
  const { _matchedRoute: route } = ctx as unknown as Partial<RouterContext>; // set by the router, which the context's type cannot know
  return typeof route === 'string' ? route : undefined;
}
