import { Router } from '@koa/router';
import type { Middleware } from 'koa';
import { Registry } from 'prom-client';
import { atMostEvery } from '@keybin/shared/batching/at-most-every.js';
import { bearerMatches } from '@keybin/shared/metrics/bearer-matches.js';
import type { Config } from '@keybin/shared/config/config.js';
import { unavailable } from '@keybin/shared/errors.js';
import type { TimeBudget } from '@keybin/shared/time-budget.js';
import { middlewareOf } from './middleware-of.js';

export interface MetricsParts {
  readonly settings: Config['metrics'];
  /** Returns the metrics of all processes at this address, as text. */
  readonly read: () => Promise<string>;
  readonly times: Pick<TimeBudget, 'monitoringMs'>;
}

/** Returns the route for Prometheus. Clients need the token of the settings, if there is one. */
export function metricsRoutes({ settings, read, times }: MetricsParts): Middleware {
  const router = new Router({ sensitive: true, strict: true });
  const latest = atMostEvery(times.monitoringMs, read);
  router.get('/metrics', async (ctx) => {
    if (!bearerMatches(ctx.get('Authorization'), settings.token)) {
      ctx.set('WWW-Authenticate', 'Bearer realm="Keybin metrics"');
      ctx.status = 401;
      ctx.body = 'Metrics need a token';
      return;
    }
    const text = await latest().catch((error: unknown) => {
      throw unavailable(error);
    });
    ctx.set('Content-Type', Registry.PROMETHEUS_CONTENT_TYPE);
    ctx.body = text;
  });
  return middlewareOf(router);
}
