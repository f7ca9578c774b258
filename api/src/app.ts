import { availableParallelism } from 'node:os';
import Koa, { type Middleware } from 'koa';
import type { Config } from '@keybin/shared/config/config.js';
import type { Log } from '@keybin/shared/process/log.js';
import type { Engine } from '@keybin/shared/ports/engine.js';
import type { ApiMetrics } from './metrics/api-metrics.js';
import type { AnswerMemory } from './answers/answer-memory.js';
import { AuthorNames } from './accounts/author-names.js';
import { parseBody, textReader, type ReadBody } from './bodies/body.js';
import { allowCors } from './middleware/cors.js';
import { eachRequest } from './middleware/each-request.js';
import { refuseUnmatched } from './middleware/unmatched.js';
import { Passwords } from './passwords/passwords.js';
import { RateLimits } from './accounts/rate-limits.js';
import { apiRoutes } from './routes/api/routes.js';
import { healthRoutes } from './routes/health.js';
import { keybinRoutes } from './routes/keybin/routes.js';
import { v1Routes } from './routes/v1/routes.js';
import { metricsRoutes } from './routes/metrics.js';
import type { SignedTokens } from './accounts/signed-tokens.js';
import type { Transfers } from './requests/transfers.js';
import type { Codes } from './use-cases/identify-codes.js';

export interface AppParts {
  readonly config: Config;
  readonly engine: Engine;
  readonly log: Log;
  readonly signedTokens: SignedTokens;
  readonly codes: Codes;
  readonly metrics: ApiMetrics;
  /** Returns the metrics of all processes at this address, as text. */
  readonly readMetrics: () => Promise<string>;
  readonly answers: AnswerMemory;
  readonly transfers: Transfers;
  /** Makes the dashboard of the queue, if there is one. */
  readonly dashboard?: ((limits: RateLimits) => Middleware) | undefined;
  /** Returns true once this process was told to shut down. */
  readonly isDraining: () => boolean;
}

/** Returns the Koa application, ready to be given to a server. Decides the order of its middleware. */
export function createApp(parts: AppParts): Koa {
  const { config, engine, log, signedTokens, codes, answers, transfers, metrics, readMetrics, isDraining } = parts;
  const passwords = new Passwords({
    cost: config.accounts.bcryptCost,
    hashesAtOnce: config.accounts.hashesAtOnce || coresOf(config.app.processes),
    maxWaiting: config.accounts.maxWaitingHashes,
    rightPasswordMs: config.times.rightPasswordMs,
    onHashed: (seconds) => metrics.hashSeconds.observe(seconds),
  });
  const limits = new RateLimits(config.limits, engine.rateCounters);
  const { trustProxy, corsOrigins, publicUrl } = config.app;
  const app = new Koa({ proxy: trustProxy > 0, maxIpsCount: trustProxy });
  metrics.gauge('keybin_bcrypt_waiting', (gauge) => gauge.set(passwords.waiting));
  app.on('error', (error: Error) => {
    // Connection errors have a code. They are expected, because clients may disconnect at any time.
    log['code' in error ? 'debug' : 'error']({ err: error }, 'A response could not be sent');
  });
  app.use(eachRequest({ log, durations: metrics.requests, rateLimited: metrics.rateLimited }));
  if (corsOrigins.length > 0) app.use(allowCors(corsOrigins));
  const { loginsRefused } = metrics;
  const readText = textReader(config.limits, config.times);
  const readBody: ReadBody = async (ctx) => parseBody(await readText(ctx));
  const served = new Set(config.app.dialects);
  const dialect = (name: string) => ({
    engine,
    passwords,
    limits,
    passwordMinBytes: config.accounts.passwordMinBytes,
    registration: config.accounts.registration,
    distinctNames: config.accounts.distinctNames,
    readBody,
    loginsRefused,
    times: config.times,
    tokensIssued: metrics.tokensIssued.labels(name),
  });
  if (served.has('keybin')) {
    app.use(
      keybinRoutes({
        ...dialect('keybin'),
        answers,
        transfers,
        readText,
        valueLimitBytes: config.limits.bodyBytes,
        tokenLifetimeSeconds: config.store.tokenExpirationSeconds,
      }),
    );
  }
  if (served.has('api')) {
    const { publicUsers } = config.accounts;
    app.use(apiRoutes({ ...dialect('api'), signedTokens, publicUrl, publicUsers }));
  }
  if (served.has('v1')) {
    app.use(
      v1Routes({
        ...dialect('v1'),
        names: new AuthorNames(engine.accounts),
        codes,
        answers,
        transfers,
        fileLimitBytes: config.limits.fileBytes,
        tokenLifetimeSeconds: config.v1.tokenExpirationSeconds,
      }),
    );
  }
  app.use(healthRoutes({ engine, isDraining, times: config.times }));
  if (config.metrics.enabled) {
    app.use(metricsRoutes({ settings: config.metrics, read: readMetrics, times: config.times }));
  }
  if (parts.dashboard) app.use(parts.dashboard(limits));
  app.use(refuseUnmatched);
  return app;
}

/** Returns the number of cores that each of several processes may use. */
function coresOf(processes: number): number {
  return Math.ceil(availableParallelism() / processes);
}
