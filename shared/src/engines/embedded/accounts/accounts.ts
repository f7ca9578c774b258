import { randomBytes, randomUUID } from 'node:crypto';
import { erasedName } from '../../../ids/erased-name.js';
import { foldedName } from '../../../ids/folded-name.js';
import { accountExists } from '../../../errors.js';
import type { Account, Accounts } from '../../../ports/engine.js';
import { removeTokensOf } from '../tokens/bearers.js';
import type { Databases } from '../lmdb/databases.js';
import { removeCode } from './identify-codes.js';
import type { Reads } from '../transactions/reads.js';
import { importNoteRange, parseAccount, printAccount, printMs, rangeOfRecords, recordKey } from '../lmdb/records.js';
import type { EmbeddedGroupCommit } from '../transactions/group-commit.js';
import { findAccountById, findAccountByNumber } from '../lmdb/find-account.js';

/**
 * Keeps accounts in LMDB. Calls `erased` when the entries, posts and files of an erased account are ready to be
 * removed.
 */
export function embeddedAccounts(
  databases: Databases,
  reads: Reads,
  writes: EmbeddedGroupCommit,
  erased: () => void,
): Accounts {
  const { accounts, users, numbers, foldedNames, erasing, meta } = databases;

  /** Stores the result of `change`, if the account still exists. */
  const update = ({ userId }: Account, change: (account: Account) => Account) =>
    writes.apply(() => {
      const account = findAccountById(databases, userId);
      if (account) void accounts.put(account.username, printAccount(change(account)));
      return undefined;
    });

  return {
    create(username, passwordHash, { distinct } = { distinct: false }) {
      const folded = foldedName(username);
      return writes.apply(({ nowMs }) => {
        if (accounts.get(username) !== undefined) return accountExists();
        if (distinct && foldedNames.getKeysCount({ ...rangeOfRecords(folded), limit: 1 }) > 0) return accountExists();
        const number = Number(meta.get('number') ?? 0) + 1;
        const account: Account = {
          userId: randomUUID(),
          number,
          objectId: newObjectId(nowMs),
          username,
          passwordHash,
          createdAt: new Date(nowMs),
          disabled: false,
          generation: 0,
        };
        void meta.put('number', String(number));
        void accounts.put(username, printAccount(account));
        void users.put(account.userId, String(number));
        void numbers.put(String(number), username);
        void foldedNames.put(recordKey(folded, String(number)), '');
        return account;
      });
    },

    async find(username) {
      const json = await reads.ask(() => accounts.get(username));
      return json === undefined ? undefined : parseAccount(json);
    },

    async findByNumber(number) {
      return reads.ask(() => findAccountByNumber(databases, String(number)));
    },

    async findById(userId) {
      return reads.ask(() => findAccountById(databases, userId));
    },

    /**
     * Removes the account, its tokens, its name and the name's identify code in one transaction. Entries, posts and
     * files, which may be many, are removed in the background.
     */
    async erase({ userId, username, number }) {
      await writes.apply(({ nowMs }) => {
        if (users.get(userId) === undefined) return;
        void users.remove(userId);
        void numbers.remove(String(number));
        void foldedNames.remove(recordKey(foldedName(username), String(number)));
        void accounts.remove(username);
        removeTokensOf(databases, userId);
        removeCode(databases, username);
        void erasing.put(String(number), printMs(nowMs) + erasedName(username));
        // A second run of an import would give the number again, and signed tokens of this account hold it
        for (const key of meta.getKeys(importNoteRange)) void meta.remove(key);
      });
      erased();
    },

    disable(account) {
      return update(account, (stored) => {
        removeTokensOf(databases, stored.userId);
        return stored.disabled ? stored : { ...stored, disabled: true, generation: stored.generation + 1 };
      });
    },

    enable(account) {
      return update(account, (stored) => ({ ...stored, disabled: false }));
    },
  };
}

/** Returns four bytes of seconds since 1970 and eight random ones, as hex. */
function newObjectId(nowMs: number): string {
  const id = Buffer.alloc(12);
  id.writeUInt32BE(Math.floor(nowMs / 1_000));
  randomBytes(8).copy(id, 4);
  return id.toString('hex');
}
