import { invalidPassword, invalidUsername, parameterMissing, parameterNotString } from '@keybin/shared/errors.js';
import { isUsername } from '@keybin/shared/ids/username.js';
import type { Context } from 'koa';
import type { JsonObject } from '../bodies/body.js';
import { clientAddress } from '../requests/client-address.js';
import type { Credentials } from '../accounts/credentials.js';
import { isAllowedPassword } from '../accounts/allowed-password.js';

/** Names of both parameters in a dialect. */
export interface CredentialNames {
  readonly username: string;
  readonly password: string;
}

/**
 * Returns the credentials in the body, with the address of the client.
 * Throws `parameter_missing`, `parameter_not_string`, `invalid_username`, `invalid_password`.
 */
export function credentialsOf(ctx: Pick<Context, 'ip'>, body: JsonObject, names: CredentialNames): Credentials {
  const username = requiredParameter(body, names.username);
  const password = requiredParameter(body, names.password);
  return {
    username: checkedUsername(stringParameter(username, names.username)),
    password: checkedPassword(stringParameter(password, names.password)),
    address: clientAddress(ctx),
  };
}

/** Returns a parameter that must be present and not empty. Throws `parameter_missing`. */
export function requiredParameter(parameters: JsonObject, name: string): unknown {
  const parameter = parameters[name];
  if (isAbsentParameter(parameter)) throw parameterMissing(name);
  return parameter;
}

export function isAbsentParameter(parameter: unknown): boolean {
  return parameter === undefined || parameter === null || parameter === '';
}

/** Throws `parameter_not_string`. */
export function stringParameter(parameter: unknown, name: string): string {
  if (typeof parameter !== 'string') throw parameterNotString(name);
  return parameter;
}

/** Throws `invalid_username`. */
export function checkedUsername(username: string): string {
  if (!isUsername(username)) throw invalidUsername();
  return username;
}

function checkedPassword(password: string): string {
  if (!isAllowedPassword(password)) throw invalidPassword();
  return password;
}
