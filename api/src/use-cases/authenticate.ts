import { withDeadline } from '@keybin/shared/deadline.js';
import { invalidCredentials } from '@keybin/shared/errors.js';
import type { Account, Engine } from '@keybin/shared/ports/engine.js';
import type { Count } from '../metrics/api-metrics.js';
import type { Passwords } from '../accounts/passwords.js';
import type { RateLimits } from '../accounts/rate-limits.js';
import { hashDueMs, type AnswerTimes } from '../requests/answer-in-time.js';

/** Username and password, with the address that they came from. */
export interface Credentials {
  /** Checked before, as the password is, for its characters and length. */
  readonly username: string;
  readonly password: string;
  /** Address of the client, from `clientAddress`. */
  readonly address: string;
}

export interface AccountParts {
  readonly engine: Engine;
  readonly passwords: Passwords;
  readonly limits: RateLimits;
  readonly loginsRefused: Count;
  readonly times: AnswerTimes;
}

/**
 * Returns the account that these credentials open. Throws `invalid_credentials`, after the same work for an unknown
 * name as for a wrong password or a disabled account. Throws `too_many_requests`, and `unavailable` if the request
 * would wait too long for the hash. `startedMs` is the start of the request in `performance.now()`'s time.
 */
export async function authenticate(
  { engine, passwords, limits, loginsRefused, times }: AccountParts,
  { username, password, address }: Credentials,
  startedMs: number,
): Promise<Account> {
  const find = async () => {
    const account = await engine.accounts.find(username);
    const login = { username, address, userId: account?.userId };
    await limits.checkLogin(login);
    return { account, login };
  };
  const { account, login } = await withDeadline(find(), times.answerMs, 'finding an account');
  const matches = await passwords.matches(password, account?.passwordHash, hashDueMs(startedMs, times));
  if (!account || !matches || account.disabled) {
    loginsRefused.inc();
    await limits.loginFailed(login);
    throw invalidCredentials();
  }
  await limits.loginSucceeded(login);
  return account;
}
