import { invalidCredentials } from '@keybin/shared/errors.js';
import type { Account, Engine } from '@keybin/shared/ports.js';
import type { Count } from '../count.js';
import type { Passwords } from '../passwords.js';
import { hashDueMs } from './answer-in-time.js';

/** Both checked before: of allowed characters and length. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface AccountParts {
  readonly engine: Engine;
  readonly passwords: Passwords;
  readonly loginsRefused: Count;
}

/**
 * The account that these credentials open. Throws `invalid_credentials`, after the same time for an unknown name as for a
 * wrong password; or `unavailable` when the request, which began at `startedMs` in `performance.now()`'s time, would wait too
 * long for the hash.
 */
export async function authenticate(
  { engine, passwords, loginsRefused }: AccountParts,
  credentials: Credentials,
  startedMs: number,
): Promise<Account> {
  const account = await engine.accounts.find(credentials.username);
  const matches = await passwords.matches(credentials.password, account?.passwordHash, hashDueMs(startedMs));
  if (!account || !matches) {
    loginsRefused.inc();
    throw invalidCredentials();
  }
  return account;
}
