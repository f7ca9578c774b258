import type { StoreReader } from '@keybin/shared/ports/operations.js';
import type { Account } from '@keybin/shared/ports/engine.js';
import type { Answer } from '../command/answer.js';
import { table } from '../command/table.js';

/** Returns all accounts, ordered by number. */
export async function listUsers(reader: StoreReader): Promise<Answer> {
  const users: User[] = [];
  for await (const account of reader.accounts()) users.push(userOf(account));
  users.sort((one, other) => one.number - other.number);
  const rows = users.map(({ number, userId, createdAt, disabled, name }) => [
    String(number),
    userId,
    createdAt.toISOString(),
    disabled ? 'disabled' : '',
    name,
  ]);
  return { json: { users }, text: users.length === 0 ? 'There are no accounts.' : table([heads, ...rows]) };
}

const heads = ['number', 'id', 'created', '', 'name'];

const userOf = ({ username, userId, number, createdAt, disabled }: Account) => ({
  name: username,
  userId,
  number,
  createdAt,
  disabled,
});

type User = ReturnType<typeof userOf>;
