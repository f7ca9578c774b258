import { invalidPassword, invalidUsername, parameterMissing, parameterNotString } from '@keybin/shared/errors.js';
import { isUsername } from '@keybin/shared/username.js';
import type { Context } from 'koa';
import type { JsonObject } from './body.js';
import { clientAddress } from './client-address.js';
import type { Credentials } from './use-cases/authenticate.js';

/** bcrypt ignores the rest. */
const maxPasswordBytes = 72;

/** Lone surrogates have no UTF-8: all would hash alike. */
const nulOrLoneSurrogate = /[\0\p{Cs}]/u;

/** What a dialect calls the two. */
export interface CredentialNames {
  readonly username: string;
  readonly password: string;
}

/** Those in the body, with where they come from. Throws `parameter_missing`, `parameter_not_string`, `invalid_username`, `invalid_password`. */
export function credentialsOf(ctx: Pick<Context, 'ip'>, body: JsonObject, names: CredentialNames): Credentials {
  const username = required(body, names.username);
  const password = required(body, names.password);
  return {
    username: checkedUsername(string(username, names.username)),
    password: checkedPassword(string(password, names.password)),
    address: clientAddress(ctx),
  };
}

/** A parameter that must be there and not be empty. Throws `parameter_missing`. */
export function required(parameters: JsonObject, name: string): unknown {
  const parameter = parameters[name];
  if (isAbsent(parameter)) throw parameterMissing(name);
  return parameter;
}

export function isAbsent(parameter: unknown): boolean {
  return parameter === undefined || parameter === null || parameter === '';
}

/** Throws `parameter_not_string`. */
export function string(parameter: unknown, name: string): string {
  if (typeof parameter !== 'string') throw parameterNotString(name);
  return parameter;
}

/** Throws `invalid_username`. */
export function checkedUsername(username: string): string {
  if (!isUsername(username)) throw invalidUsername();
  return username;
}

function checkedPassword(password: string): string {
  if (!isPassword(password)) throw invalidPassword();
  return password;
}

/** Whether an account may have this password. */
export function isPassword(text: string): boolean {
  return text !== '' && Buffer.byteLength(text) <= maxPasswordBytes && !nulOrLoneSurrogate.test(text);
}
