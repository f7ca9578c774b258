import { withDeadline } from '@keybin/shared/deadline.js';
import { invalidCredentials } from '@keybin/shared/errors.js';
import type { Account, Engine } from '@keybin/shared/ports/engine.js';
import type { Config } from '@keybin/shared/config/config.js';
import type { Count } from '../metrics/api-metrics.js';
import type { Credentials } from '../accounts/credentials.js';
import type { Passwords } from '../passwords/passwords.js';
import type { RateLimits } from '../accounts/rate-limits.js';
import { hashDueMs, type AnswerTimes } from '../requests/answer-in-time.js';

export interface AccountParts {
  readonly engine: Engine;
  readonly passwords: Passwords;
  /** Least length of a new password, if there is one. */
  readonly passwordMinBytes?: number | undefined;
  readonly limits: RateLimits;
  /** True if a new name must differ from all others in more than its case. */
  readonly distinctNames: boolean;
  readonly registration: Config['accounts']['registration'];
  readonly loginsRefused: Count;
  readonly times: AnswerTimes;
}

/**
 * Returns the account that these credentials open. Throws `invalid_credentials`, after the same work for an unknown
 * name as for a wrong password or a disabled account. Throws `too_many_requests`, and `unavailable` if the request
 * would wait too long for the hash. A password that was right just before is neither hashed nor limited (see
 * `RightPasswords`). `startedMs` is the start of the request in `performance.now()`'s time.
 */
export async function authenticate(
  { engine, passwords, limits, loginsRefused, times }: AccountParts,
  credentials: Credentials,
  startedMs: number,
): Promise<Account> {
  const { username, address } = credentials;
  const find = async () => {
    const found = await engine.accounts.find(username);
    const account = found?.disabled ? undefined : found;
    const login = { username, address, userId: found?.userId };
    const isRepeated = passwords.isRepeated(credentials, account);
    if (!isRepeated) await limits.checkLogin(login);
    return { account, login, isRepeated };
  };
  const { account, login, isRepeated } = await withDeadline(find(), times.answerMs, 'finding an account');
  const match = isRepeated ? 'repeated' : await passwords.matches(credentials, account, hashDueMs(startedMs, times));
  if (!account || match === 'wrong') {
    loginsRefused.inc();
    await limits.loginFailed(login);
    throw invalidCredentials();
  }
  if (match === 'right') await limits.loginSucceeded(login);
  return account;
}
