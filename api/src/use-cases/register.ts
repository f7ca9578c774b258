import { accountExists } from '@keybin/shared/errors.js';
import { answerInTime, hashDueMs } from './answer-in-time.js';
import type { AccountParts, Credentials } from './authenticate.js';

/** Opens an account. Throws `account_exists`: known before the costly hash, or found when two of one name race. */
export async function register(
  { engine, passwords }: AccountParts,
  { username, password }: Credentials,
): Promise<void> {
  const startedMs = performance.now();
  if (await engine.accounts.find(username)) throw accountExists();
  const hash = await passwords.hash(password, hashDueMs(startedMs));
  await answerInTime(engine.accounts.create(username, hash), startedMs);
}
