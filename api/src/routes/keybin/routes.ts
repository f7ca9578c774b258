import { Router } from '@koa/router';
import type { Middleware } from 'koa';
import type { Engine } from '@keybin/shared/ports.js';
import type { ReadBody } from '../../body.js';
import type { Passwords } from '../../passwords.js';
import { accountRoutes } from './accounts.js';
import { entryRoutes } from './entries.js';
import { tokenRoutes } from './tokens.js';

export interface KeybinParts {
  readonly engine: Engine;
  readonly passwords: Passwords;
  readonly readBody: ReadBody;
  /** For a value as JSON text. */
  readonly valueLimitBytes: number;
  readonly tokenLifetimeSeconds: number;
}

/** All routes of the Keybin dialect. */
export function keybinRoutes(parts: KeybinParts): Middleware {
  const router = new Router();
  entryRoutes(router, parts);
  tokenRoutes(router, parts);
  accountRoutes(router, parts);
  return router.routes() as unknown as Middleware; // the router's own context type only adds to Koa's
}
