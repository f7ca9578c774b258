import { answerTimeoutMs, withDeadline } from '@keybin/shared/deadline.js';
import { accountExists } from '@keybin/shared/errors.js';
import type { Account } from '@keybin/shared/ports.js';
import { answerInTime, hashDueMs } from './answer-in-time.js';
import type { AccountParts, Credentials } from './authenticate.js';

/** Opens an account. Throws `account_exists`: known before the costly hash, or found when two of one name race. */
export async function register(
  { engine, passwords, limits }: AccountParts,
  { username, password, address }: Credentials,
): Promise<Account> {
  const startedMs = performance.now();
  const find = async () => {
    await limits.registration(address);
    return engine.accounts.find(username);
  };
  if (await withDeadline(find(), answerTimeoutMs, 'looking for an account')) throw accountExists();
  const hash = await passwords.hash(password, hashDueMs(startedMs));
  return answerInTime(engine.accounts.create(username, hash), startedMs);
}
