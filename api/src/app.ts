import { availableParallelism } from 'node:os';
import Koa from 'koa';
import type { Config } from '@keybin/shared/config/config.js';
import type { Log } from '@keybin/shared/log.js';
import type { Engine } from '@keybin/shared/ports.js';
import { bodyReader } from './body.js';
import { answerErrors } from './middleware/errors.js';
import { logRequests } from './middleware/request-log.js';
import { refuseUnmatched } from './middleware/unmatched.js';
import { Passwords } from './passwords.js';
import { apiErrors } from './routes/api/errors.js';
import { apiRoutes } from './routes/api/routes.js';
import { healthRoutes } from './routes/health.js';
import { keybinRoutes } from './routes/keybin/routes.js';
import type { SignedTokens } from './signed-tokens.js';

export interface AppParts {
  readonly config: Config;
  readonly engine: Engine;
  readonly log: Log;
  readonly signedTokens: SignedTokens;
  /** Whether this process has been told to end. */
  readonly isDraining: () => boolean;
}

/** The HTTP application, ready to be given to a server: the order of its middleware. */
export function createApp({ config, engine, log, signedTokens, isDraining }: AppParts): Koa {
  const passwords = new Passwords({
    cost: config.accounts.bcryptCost,
    hashesAtOnce: config.accounts.hashesAtOnce || coresOf(config.app.processes),
    maxWaiting: config.accounts.maxWaitingHashes,
  });
  const app = new Koa();
  app.on('error', (error: Error) => {
    // Errors of connections have a code, and clients may break off whenever they like.
    log['code' in error ? 'debug' : 'error']({ err: error }, 'An answer could not be sent');
  });
  if (log.isLevelEnabled('debug')) app.use(logRequests(log));
  app.use(answerErrors(log, [apiErrors]));
  const readBody = bodyReader(config.limits.bodyBytes);
  app.use(
    keybinRoutes({
      engine,
      passwords,
      readBody,
      valueLimitBytes: config.limits.bodyBytes,
      tokenLifetimeSeconds: config.store.tokenExpirationSeconds,
    }),
  );
  app.use(apiRoutes({ engine, passwords, readBody, signedTokens }));
  app.use(healthRoutes({ engine, isDraining }));
  app.use(refuseUnmatched);
  return app;
}

/** The cores that each of so many processes may take for itself. */
function coresOf(processes: number): number {
  return Math.ceil(availableParallelism() / processes);
}
