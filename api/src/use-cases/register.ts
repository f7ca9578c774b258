import { accountExists } from '@keybin/shared/errors.js';
import type { Account } from '@keybin/shared/ports.js';
import { answerInTime, hashDueMs } from './answer-in-time.js';
import type { AccountParts, Credentials } from './authenticate.js';

/** Opens an account. Throws `account_exists`: known before the costly hash, or found when two of one name race. */
export async function register(
  { engine, passwords }: AccountParts,
  { username, password }: Credentials,
): Promise<Account> {
  const startedMs = performance.now();
  if (await engine.accounts.find(username)) throw accountExists();
  const hash = await passwords.hash(password, hashDueMs(startedMs));
  return answerInTime(engine.accounts.create(username, hash), startedMs);
}
