import { invalidCredentials } from '@keybin/shared/errors.js';
import type { Account } from '@keybin/shared/ports/engine.js';
import { isUsername } from '@keybin/shared/ids/username.js';
import { isAllowedPassword } from '../accounts/allowed-password.js';
import type { SignedClaims, SignedTokens } from '../accounts/signed-tokens.js';
import { authenticate, type AccountParts } from './authenticate.js';

/** Credentials of Basic authentication (RFC 7617). */
export interface BasicCredentials {
  /** A username, or a signed token. With a token the password does not matter. */
  readonly name: string;
  readonly password: string;
  readonly address: string;
}

export interface AuthenticateBasicParts extends AccountParts {
  readonly signedTokens: SignedTokens;
}

/** Returns the account that these credentials open. Throws `invalid_credentials`, `too_many_requests`. */
export async function authenticateBasic(
  parts: AuthenticateBasicParts,
  { name, password, address }: BasicCredentials,
): Promise<Account> {
  const startedMs = performance.now();
  const claims = await parts.signedTokens.read(name);
  if (claims) return accountOf(parts, claims);
  if (!isUsername(name) || !isAllowedPassword(password)) throw invalidCredentials(); // no account has these
  return authenticate(parts, { username: name, password, address }, startedMs);
}

/**
 * Returns the account of a signed token. Looks it up each time, so that a token ends when its account is deleted or
 * disabled.
 */
async function accountOf(
  { engine }: AuthenticateBasicParts,
  { number, generation, expired }: SignedClaims,
): Promise<Account> {
  const account = expired ? undefined : await engine.accounts.findByNumber(number);
  if (account?.generation !== generation) throw invalidCredentials();
  return account;
}
