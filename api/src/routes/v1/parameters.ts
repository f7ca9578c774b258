import type { RouterContext } from '@koa/router';
import { bearerOf } from '../../bearer.js';
import { isAbsent, string } from '../../parameters.js';
import { isV1Token } from '../../v1-token.js';

/** How this dialect calls the credentials; the spelling is part of the contract. */
export const credentialNames = { username: 'accout', password: 'passwd' };

/**
 * The token in the query, else the one in `Authorization: Bearer`; `''`, which no account has, for one of another dialect. Throws
 * `parameter_not_string` for several.
 */
export function tokenOf(ctx: RouterContext): string {
  const { token } = ctx.query;
  const given = isAbsent(token) ? (bearerOf(ctx) ?? '') : string(token, 'token');
  return isV1Token(given) ? given : '';
}

/** The name in the path. One with broken percent-encoding comes as it is. */
export function nameOf(ctx: RouterContext): string {
  return ctx.params['name'] ?? '';
}

/** Names of routes beside that of an account, whatever their case, as routes are. */
const reserved = new Set(['register', 'login', 'logout', 'upload']);

/** The name in the path, or `''`, which no account has, if it is that of a route. */
export function viewedNameOf(ctx: RouterContext): string {
  const name = nameOf(ctx);
  return reserved.has(name.toLowerCase()) ? '' : name;
}
