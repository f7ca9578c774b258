import type { RouterContext } from '@koa/router';
import { bearerOf } from '../../requests/bearer.js';
import { isAbsentParameter, stringParameter } from '../parameters.js';
import { isV1Token } from '../../accounts/v1-token.js';

/** How this dialect calls the credentials; the spelling is part of the contract. */
export const credentialNames = { username: 'accout', password: 'passwd' };

/**
 * The token in the query, else the one in `Authorization: Bearer`; `''`, which no account has, for one of another dialect. Throws
 * `parameter_not_string` for several.
 */
export function tokenParameter(ctx: RouterContext): string {
  const { token } = ctx.query;
  const given = isAbsentParameter(token) ? (bearerOf(ctx) ?? '') : stringParameter(token, 'token');
  return isV1Token(given) ? given : '';
}

/** The name in the path. One with broken percent-encoding comes as it is. */
export function nameParameter(ctx: RouterContext): string {
  return ctx.params['name'] ?? '';
}

/** Names of routes beside that of an account, whatever their case, as routes are. */
const reserved = new Set(['register', 'login', 'logout', 'upload']);

/** The name in the path, or `''`, which no account has, if it is that of a route. */
export function viewedNameParameter(ctx: RouterContext): string {
  const name = nameParameter(ctx);
  return reserved.has(name.toLowerCase()) ? '' : name;
}
