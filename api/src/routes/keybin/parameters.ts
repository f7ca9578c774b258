import type { RouterContext } from '@koa/router';
import { parameterMissing } from '@keybin/shared/errors.js';
import { bearerOf } from '../../requests/bearer.js';
import { parseBody, type JsonObject } from '../../bodies/body.js';
import { isAbsentParameter, stringParameter } from '../parameters.js';
import { isV1Token } from '../../accounts/v1-token.js';
import { valueText } from '../../bodies/value-text.js';

/** Route of a value. */
export const entryRoute = '/user/:token/store/:key';

/** Names of the credentials in this dialect. */
export const credentialNames = { username: 'username', password: 'password' };

/** Returns the client that a token is for, by default `default`. Throws `parameter_not_string`. */
export function clientIdParameter(body: JsonObject): string {
  const clientId = body['client_id'];
  return isAbsentParameter(clientId) ? 'default' : stringParameter(clientId, 'client_id');
}

/**
 * Returns the value in the text of a body as the JSON text that is stored. `''`, `0` and `false` are values too.
 * Throws `body_not_json`, `parameter_missing`, `value_too_deep`, `number_out_of_range`, `body_too_large`.
 */
export function valueParameter(text: string, limitBytes: number): string {
  const { value } = parseBody(text);
  if (value === undefined || value === null) throw parameterMissing('value');
  return valueText(value, text, limitBytes);
}

/**
 * Returns the token in the path, or the one in `Authorization: Bearer` if the path has `-`. Returns `''`, which no
 * account has, for a token of another dialect.
 */
export function tokenParameter(ctx: RouterContext): string {
  const token = ctx.params['token'] ?? '';
  const given = token === '-' ? (bearerOf(ctx) ?? '') : token;
  return isV1Token(given) ? '' : given;
}

/** Returns the key in the path. A key with broken percent-encoding is not decoded and breaks the rule for keys. */
export function keyParameter(ctx: RouterContext): string {
  return ctx.params['key'] ?? '';
}
