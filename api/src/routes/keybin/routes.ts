import { Router } from '@koa/router';
import type { Middleware } from 'koa';
import { middlewareOf } from '../middleware-of.js';
import { accountRoutes } from './accounts.js';
import { entryRoutes } from './entries.js';
import type { KeybinParts } from './keybin-parts.js';
import { tokenRoutes } from './tokens.js';

/** Returns all routes of the key/value dialect. */
export function keybinRoutes(parts: KeybinParts): Middleware {
  const router = new Router();
  entryRoutes(router, parts);
  tokenRoutes(router, parts);
  accountRoutes(router, parts);
  return middlewareOf(router);
}
