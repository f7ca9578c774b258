import { withDeadline } from '@keybin/shared/deadline.js';
import { accountExists, passwordTooShort, registrationClosed } from '@keybin/shared/errors.js';
import type { Account } from '@keybin/shared/ports/engine.js';
import { checkNewUsername } from '../accounts/check-new-username.js';
import type { Credentials } from '../accounts/credentials.js';
import { answerInTime, hashDueMs } from '../requests/answer-in-time.js';
import type { AccountParts } from './authenticate.js';

/** Condition for the creation of an account. Both methods throw if it is not met. */
export interface Permit {
  check(): Promise<void>;
  /** Uses the permit up. Called when nothing but the account is missing. */
  redeem(): Promise<void>;
}

const needless: Permit = { check: async () => {}, redeem: async () => {} };

/**
 * Creates an account. Throws `registration_closed`, `invalid_username`, `password_too_short`, `too_many_requests` and
 * `account_exists`. A taken name is found before the costly hash, or when two registrations of one name race.
 */
export async function register(
  { engine, passwords, passwordMinBytes = 0, registration, distinctNames, limits, times }: AccountParts,
  credentials: Credentials,
  permit: Permit = needless,
): Promise<Account> {
  if (registration === 'off' || (registration === 'code' && permit === needless)) throw registrationClosed();
  const { username, password, address } = credentials;
  checkNewUsername(username, distinctNames);
  const startedMs = performance.now();
  if (Buffer.byteLength(password) < passwordMinBytes) throw passwordTooShort(passwordMinBytes);
  const find = async () => {
    await limits.registration(address);
    await permit.check();
    return engine.accounts.find(username);
  };
  if (await withDeadline(find(), times.answerMs, 'finding an account')) throw accountExists();
  const hash = await passwords.hash(credentials, hashDueMs(startedMs, times));
  const create = async () => {
    await permit.redeem();
    return engine.accounts.create(username, hash, { distinct: distinctNames });
  };
  return answerInTime(create(), startedMs, times);
}
