import type { Account } from '../../../ports/engine.js';
import type { Databases } from './databases.js';
import { parseAccount } from './records.js';

export function findAccountById(databases: Databases, userId: string): Account | undefined {
  const number = databases.users.get(userId);
  return number === undefined ? undefined : findAccountByNumber(databases, number);
}

export function findAccountByNumber({ numbers, accounts }: Databases, number: string): Account | undefined {
  const username = numbers.get(number);
  const json = username === undefined ? undefined : accounts.get(username);
  return json === undefined ? undefined : parseAccount(json);
}
