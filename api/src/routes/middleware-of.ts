import type { Router } from '@koa/router';
import type { Middleware } from 'koa';

/** Returns the routes of a router as Koa middleware. The router's own context type only adds to Koa's. */
export const middlewareOf = (router: Router): Middleware => router.routes() as unknown as Middleware;
