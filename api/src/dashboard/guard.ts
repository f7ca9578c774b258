import { createHash, timingSafeEqual } from 'node:crypto';
import { parse } from 'basic-auth';
import type { Context, Middleware } from 'koa';
import { clientAddress } from '../requests/client-address.js';
import { hostOf } from '../requests/host.js';
import type { RateLimits } from '../accounts/rate-limits.js';

export interface Admin {
  readonly user: string;
  readonly password: string;
}

/**
 * Content Security Policy of the dashboard. Bull Board's pages set styles of elements, and its editor of jobs runs in a
 * worker. Nothing is loaded from other hosts.
 */
const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Links to fonts of other hosts, which the policy blocks. They are removed, so that the browser does not complain. */
const foreignLinks = /<link [^>]*href="https?:[^>]*>/g;

/** Returns the name under which failed logins to the dashboard are counted. No account can have it. */
const limitedName = (user: string) => `\0admin:${user}`;

/**
 * Lets the administrator in by Basic authentication (RFC 7617), with the limits of failed logins. Throws
 * `too_many_requests`. A browser sends the password by itself, so requests that change something must come from the
 * pages of the dashboard.
 */
export function guard(
  admin: Admin,
  limits: Pick<RateLimits, 'checkLogin' | 'loginFailed' | 'loginSucceeded'>,
): Middleware {
  return async (ctx, next) => {
    ctx.set('Content-Security-Policy', contentPolicy);
    const given = parse(ctx.get('Authorization'));
    if (!given) return refuse(ctx);
    const username = limitedName(given.name);
    const login = { username, address: clientAddress(ctx), userId: given.name === admin.user ? username : undefined };
    await limits.checkLogin(login);
    if (!isAdmin(given.name, given.pass, admin)) {
      await limits.loginFailed(login);
      return refuse(ctx);
    }
    await limits.loginSucceeded(login);
    if (!isRead(ctx) && !isFromOwnPage(ctx)) return answer(ctx, 403, 'Only pages of this host may make changes');
    await next();
    if (ctx.response.is('html') && typeof ctx.body === 'string') ctx.body = ctx.body.replace(foreignLinks, '');
  };
}

/** Returns true for the administrator. Always compares both, as hashes, so that the time reveals nothing. */
function isAdmin(user: string, password: string, admin: Admin): boolean {
  const isUser = timingSafeEqual(digest(user), digest(admin.user));
  const isPassword = timingSafeEqual(digest(password), digest(admin.password));
  return isUser && isPassword;
}

const digest = (text: string) => createHash('sha256').update(text).digest();

const isRead = ({ method }: Context) => method === 'GET' || method === 'HEAD';

/**
 * True unless a page of another site sent the request. Browsers name the site in one of these fields. Other programs
 * send neither.
 */
function isFromOwnPage(ctx: Context): boolean {
  const site = ctx.get('Sec-Fetch-Site');
  if (site !== '') return site === 'same-origin';
  const origin = ctx.get('Origin');
  return origin === '' || (URL.canParse(origin) && new URL(origin).host === hostOf(ctx));
}

function refuse(ctx: Context): void {
  ctx.set('WWW-Authenticate', 'Basic realm="Keybin administration", charset="UTF-8"');
  answer(ctx, 401, 'The dashboard requires the user name and password of the administrator');
}

function answer(ctx: Context, status: number, text: string): void {
  ctx.status = status;
  ctx.body = text;
}
