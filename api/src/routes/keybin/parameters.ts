import type { RouterContext } from '@koa/router';
import { invalidPassword, invalidUsername, parameterMissing, parameterNotString } from '@keybin/shared/errors.js';
import type { JsonObject } from '../../body.js';
import type { Credentials } from '../../use-cases/authenticate.js';
import { valueText } from '../../value-text.js';

const maxUsernameBytes = 256;
/** bcrypt ignores the rest. */
const maxPasswordBytes = 72;

const controlOrLoneSurrogate = /[\p{Cc}\p{Cs}]/u;
/** Lone surrogates have no UTF-8: all would hash alike. */
const nulOrLoneSurrogate = /[\0\p{Cs}]/u;

/** Throws `parameter_missing`, `parameter_not_string`, `invalid_username`, `invalid_password`. */
export function credentialsOf(body: JsonObject): Credentials {
  const username = required(body, 'username');
  const password = required(body, 'password');
  return {
    username: checkedUsername(string(username, 'username')),
    password: checkedPassword(string(password, 'password')),
  };
}

/** The device that a token is for, `default` unless given. Throws `parameter_not_string`. */
export function clientIdOf(body: JsonObject): string {
  const clientId = body['client_id'];
  return isAbsent(clientId) ? 'default' : string(clientId, 'client_id');
}

/**
 * The value as the JSON text that is stored. `''`, `0` and `false` are values too.
 * Throws `parameter_missing`, `value_too_deep`, `number_out_of_range`, `body_too_large`.
 */
export function valueTextOf(body: JsonObject, limitBytes: number): string {
  const value = body['value'];
  if (value === undefined || value === null) throw parameterMissing('value');
  return valueText(value, limitBytes);
}

/** The token in the path, or behind `-` in the path the one in `Authorization: Bearer`. */
export function tokenOf(ctx: RouterContext): string {
  const token = ctx.params['token'] ?? '';
  if (token !== '-') return token;
  return /^Bearer +(\S+) *$/i.exec(ctx.get('Authorization'))?.[1] ?? '';
}

/** The key in the path. One with broken percent-encoding comes as it is and breaks the rule for keys. */
export function keyOf(ctx: RouterContext): string {
  return ctx.params['key'] ?? '';
}

function required(body: JsonObject, name: string): unknown {
  const parameter = body[name];
  if (isAbsent(parameter)) throw parameterMissing(name);
  return parameter;
}

function isAbsent(parameter: unknown): boolean {
  return parameter === undefined || parameter === null || parameter === '';
}

function string(parameter: unknown, name: string): string {
  if (typeof parameter !== 'string') throw parameterNotString(name);
  return parameter;
}

function checkedUsername(username: string): string {
  if (Buffer.byteLength(username) > maxUsernameBytes || controlOrLoneSurrogate.test(username)) throw invalidUsername();
  return username;
}

function checkedPassword(password: string): string {
  if (Buffer.byteLength(password) > maxPasswordBytes || nulOrLoneSurrogate.test(password)) throw invalidPassword();
  return password;
}
