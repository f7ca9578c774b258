import { accountExists } from '@keybin/shared/errors.js';
import type { AccountParts, Credentials } from './authenticate.js';

/** Opens an account. Throws `account_exists`: known before the costly hash, or found when two of one name race. */
export async function register(
  { engine, passwords }: AccountParts,
  { username, password }: Credentials,
): Promise<void> {
  if (await engine.accounts.find(username)) throw accountExists();
  await engine.accounts.create(username, await passwords.hash(password));
}
