import { Router } from '@koa/router';
import type { Middleware } from 'koa';
import { middlewareOf } from '../middleware-of.js';
import type { ApiParts } from './api-parts.js';
import { tokenRoutes } from './tokens.js';
import { userRoutes } from './users.js';

/** Returns all routes of `/api`. */
export function apiRoutes(parts: ApiParts): Middleware {
  const router = new Router({ prefix: '/api' });
  userRoutes(router, parts);
  tokenRoutes(router, parts);
  return middlewareOf(router);
}
