import { createHash, timingSafeEqual } from 'node:crypto';
import { parse } from 'basic-auth';
import type { Context, Middleware } from 'koa';
import { clientAddress } from '../requests/client-address.js';
import type { RateLimits } from '../accounts/rate-limits.js';

export interface Admin {
  readonly user: string;
  readonly password: string;
}

/** Bull Board's pages set styles of elements, and its editor of jobs is in a worker; nothing is loaded from elsewhere. */
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

/** What the page would load from other hosts: fonts, which the policy refuses; without this line the browser does not complain. */
const foreignLinks = /<link [^>]*href="https?:[^>]*>/g;

/** No account has such a name. */
const limitedName = (user: string) => `\0admin:${user}`;

/**
 * Lets the administrator in, by Basic authentication (RFC 7617) with the limits that failed logins have. Throws `too_many_requests`.
 * A browser sends the password by itself, so what changes something must come from the dashboard's own pages.
 */
export function guard(admin: Admin, limits: Pick<RateLimits, 'checkLogin' | 'loginFailed'>): Middleware {
  return async (ctx, next) => {
    ctx.set('Content-Security-Policy', contentPolicy);
    ctx.set('Cache-Control', 'no-store');
    const given = parse(ctx.get('Authorization'));
    if (!given) return refuse(ctx);
    const login = { username: limitedName(given.name), address: clientAddress(ctx), userId: limitedName(admin.user) };
    await limits.checkLogin(login);
    if (!isAdmin(given.name, given.pass, admin)) {
      await limits.loginFailed(login);
      return refuse(ctx);
    }
    if (!isRead(ctx) && !isFromOwnPage(ctx)) return answer(ctx, 403, 'Only pages of this host may change something');
    await next();
    if (ctx.response.is('html') && typeof ctx.body === 'string') ctx.body = ctx.body.replace(foreignLinks, '');
  };
}

/** Both are compared, and as hashes, so that the time tells nothing. */
function isAdmin(user: string, password: string, admin: Admin): boolean {
  const isUser = timingSafeEqual(digest(user), digest(admin.user));
  const isPassword = timingSafeEqual(digest(password), digest(admin.password));
  return isUser && isPassword;
}

const digest = (text: string) => createHash('sha256').update(text).digest();

const isRead = ({ method }: Context) => method === 'GET' || method === 'HEAD';

/** Browsers tell in one of these fields where a request comes from; a program tells nothing and asks on purpose. */
function isFromOwnPage(ctx: Context): boolean {
  const site = ctx.get('Sec-Fetch-Site');
  if (site !== '') return site === 'same-origin';
  const origin = ctx.get('Origin');
  return origin === '' || (URL.canParse(origin) && new URL(origin).host === ctx.host);
}

function refuse(ctx: Context): void {
  ctx.set('WWW-Authenticate', 'Basic realm="Keybin administration", charset="UTF-8"');
  answer(ctx, 401, 'The dashboard needs the name and the password of the administrator');
}

function answer(ctx: Context, status: number, text: string): void {
  ctx.status = status;
  ctx.body = text;
}
