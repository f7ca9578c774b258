import { randomBytes, randomUUID } from 'node:crypto';
import { accountExists } from '../../errors.js';
import type { Account, Accounts } from '../../ports.js';
import { removeToken } from './bearers.js';
import type { Databases } from './environment.js';
import { removeCode } from './identify-codes.js';
import type { Reads } from './reads.js';
import { afterVersion, parseAccount, printAccount, rangeOf } from './records.js';
import type { Writes } from './writes.js';

/** Accounts in LMDB. `erased` is called when an erased account's entries and posts are ready to be removed. */
export function lmdbAccounts(databases: Databases, reads: Reads, writes: Writes, erased: () => void): Accounts {
  const { accounts, users, numbers, clients, erasing, meta } = databases;

  /** The account with this number, as it is stored. */
  function numbered(number: string | undefined): string | undefined {
    const username = number === undefined ? undefined : numbers.get(number);
    return username === undefined ? undefined : accounts.get(username);
  }

  return {
    create(username, passwordHash) {
      return writes.apply(({ nowMs }) => {
        if (accounts.get(username) !== undefined) return accountExists();
        const number = Number(meta.get('number') ?? 0) + 1;
        const account: Account = {
          userId: randomUUID(),
          number,
          objectId: newObjectId(nowMs),
          username,
          passwordHash,
          createdAt: new Date(nowMs),
        };
        void meta.put('number', String(number));
        void accounts.put(username, printAccount(account));
        void users.put(account.userId, String(number));
        void numbers.put(String(number), username);
        return account;
      });
    },

    async find(username) {
      const json = await reads.ask(() => accounts.get(username));
      return json === undefined ? undefined : parseAccount(json);
    },

    async findByNumber(number) {
      const json = await reads.ask(() => numbered(String(number)));
      return json === undefined ? undefined : parseAccount(json);
    },

    async findById(userId) {
      const json = await reads.ask(() => numbered(users.get(userId)));
      return json === undefined ? undefined : parseAccount(json);
    },

    /** One transaction takes the account, its tokens, its name and the name's identify code; entries and posts, which may be many, go in the background. */
    async erase({ userId, username, number }) {
      await writes.apply(({ nowMs }) => {
        if (users.get(userId) === undefined) return;
        void users.remove(userId);
        void numbers.remove(String(number));
        void accounts.remove(username);
        const issued = Array.from(clients.getRange(rangeOf(userId)), ({ value }) => afterVersion(value));
        for (const tokenHash of issued) removeToken(databases, tokenHash);
        void erasing.put(String(number), String(nowMs));
        removeCode(databases, username);
      });
      erased();
    },
  };
}

/** Four bytes of seconds since 1970 and eight random ones, as hex. */
function newObjectId(nowMs: number): string {
  const id = Buffer.alloc(12);
  id.writeUInt32BE(Math.floor(nowMs / 1_000));
  randomBytes(8).copy(id, 4);
  return id.toString('hex');
}
