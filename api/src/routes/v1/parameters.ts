import type { RouterContext } from '@koa/router';
import { bearerOf } from '../../requests/bearer.js';
import { isAbsentParameter, stringParameter } from '../parameters.js';
import { isV1Token } from '../../accounts/v1-token.js';

/** Names of the credentials in this dialect. The spelling is part of the contract. */
export const credentialNames = { username: 'accout', password: 'passwd' };

/**
 * Returns the token in the query, or else the one in `Authorization: Bearer`. Returns `''`, which no account has, for a
 * token of another dialect. Throws `parameter_not_string` for several.
 */
export function tokenParameter(ctx: RouterContext): string {
  const { token } = ctx.query;
  const given = isAbsentParameter(token) ? (bearerOf(ctx) ?? '') : stringParameter(token, 'token');
  return isV1Token(given) ? given : '';
}

/** Returns the name in the path. A name with broken percent-encoding is not decoded. */
export function nameParameter(ctx: RouterContext): string {
  return ctx.params['name'] ?? '';
}

/** Names that are routes of their own, in upper or lower case, as routes are. */
const reserved = new Set(['register', 'login', 'logout', 'upload']);

/** Returns the name in the path, or `''`, which no account has, if it is that of a route. */
export function viewedNameParameter(ctx: RouterContext): string {
  const name = nameParameter(ctx);
  return reserved.has(name.toLowerCase()) ? '' : name;
}
