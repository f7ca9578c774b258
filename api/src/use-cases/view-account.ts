import { withDeadline } from '@keybin/shared/deadline.js';
import { accountNotFound } from '@keybin/shared/errors.js';
import type { Account, Engine } from '@keybin/shared/ports/engine.js';
import { isUsername } from '@keybin/shared/ids/username.js';
import type { AccountParts } from './authenticate.js';

export type ViewParts = Pick<AccountParts, 'engine' | 'times'>;

/** Returns the account with this name to a client with a live token. Throws `invalid_token`, `account_not_found`. */
export function viewAccount({ engine, times }: ViewParts, token: string, username: string): Promise<Account> {
  return withDeadline(view(engine, token, username), times.answerMs, 'reading an account');
}

async function view(engine: Engine, token: string, username: string): Promise<Account> {
  await engine.tokens.check(token);
  const account = await findAccount(engine, username);
  if (!account) throw accountNotFound();
  return account;
}

/** Returns the account, if there is one. `username` may be any text. */
export async function findAccount(engine: Engine, username: string): Promise<Account | undefined> {
  return isUsername(username) ? engine.accounts.find(username) : undefined;
}
