import type { Account, Engine } from '@keybin/shared/ports/engine.js';
import { keysOfName } from '@keybin/shared/rate-counters/counter-key.js';
import { CommandError, type Answer } from '../command/answer.js';

export async function disableUser({ accounts }: Engine, name: string): Promise<Answer> {
  await accounts.disable(await accountOf(accounts, name));
  return { json: { name, disabled: true }, text: `${name} is disabled: it cannot log in, and its tokens are revoked` };
}

export async function enableUser({ accounts }: Engine, name: string): Promise<Answer> {
  await accounts.enable(await accountOf(accounts, name));
  return { json: { name, disabled: false }, text: `${name} can log in` };
}

export async function eraseUser({ accounts, rateCounters }: Engine, name: string): Promise<Answer> {
  await accounts.erase(await accountOf(accounts, name));
  for (const key of keysOfName(name)) await rateCounters.forget(key);
  return {
    json: { name, erased: true },
    text: `${name} is erased; 'keybin verify-erasure' shows when nothing is left`,
  };
}

/** Finds an account by name. Throws a `CommandError` if there is none. */
async function accountOf(accounts: Engine['accounts'], name: string): Promise<Account> {
  const account = await accounts.find(name);
  if (!account) throw new CommandError(`there is no account '${name}'`);
  return account;
}
