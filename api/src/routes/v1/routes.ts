import { Router } from '@koa/router';
import type { Middleware } from 'koa';
import { middlewareOf } from '../middleware-of.js';
import type { V1Parts } from './v1-parts.js';
import { fileRoutes } from './files.js';
import { postRoutes } from './posts.js';
import { registrationRoutes } from './registration.js';
import { userRoutes } from './users.js';

/** Returns all routes of `/v1`. */
export function v1Routes(parts: V1Parts): Middleware {
  const router = new Router({ prefix: '/v1' });
  fileRoutes(router, parts); // before the accounts, else `upload` would be the name of one
  registrationRoutes(router, parts);
  userRoutes(router, parts);
  postRoutes(router, parts);
  return middlewareOf(router);
}
