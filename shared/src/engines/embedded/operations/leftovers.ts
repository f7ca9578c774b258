import { erasedName } from '../../../ids/erased-name.js';
import type { Leftovers } from '../../../ports/operations.js';
import { keysOfName } from '../../../rate-counters/counter-key.js';
import type { Databases } from '../lmdb/databases.js';
import { bearerOfRecord, ownerIn, rangeOfRecords, readCounter } from '../lmdb/records.js';

type Strings = Databases['entries'];

/** Counts what LMDB still has of erased accounts with this name. */
export function leftoversIn(databases: Databases, username: string): Leftovers {
  const { environment, accounts, numbers, users, erasing, tokens, clients, entries, posts, files } = databases;
  environment.resetReadTxn();
  const remembered = new Map(
    Array.from(erasing.getRange(), ({ key, value }) => [key, value.endsWith(erasedName(username))]),
  );
  const isLeft = (number: string) => remembered.get(number) ?? numbers.get(number) === undefined;
  const registered = accounts.get(username) !== undefined;
  const left = {
    entries: countUnder(entries, isLeft),
    posts: countUnder(posts, isLeft),
    files: countUnder(files, isLeft),
    fileBytes: count(databases.fileOwners, ({ value }) => isLeft(value)),
    tokens: count(tokens, ({ value }) => isLeft(bearerOfRecord(value).number)),
    clients: count(clients, ({ key }) => users.get(ownerIn(key)) === undefined),
    identifyCodes: !registered && databases.codes.doesExist(username) ? 1 : 0,
    rateLimitKeys: registered ? 0 : countersOf(databases, username),
  };
  return { registered, erased: [...remembered.values()].filter(Boolean).length, left };
}

/** Counts the records of accounts that are left. Skips from one account to the next. */
function countUnder(records: Strings, isLeft: (number: string) => boolean): number {
  let found = 0;
  for (let start = ''; ;) {
    const [first] = [...records.getKeys({ start, limit: 1 })];
    if (first === undefined) return found;
    const number = ownerIn(first);
    const range = rangeOfRecords(number);
    if (isLeft(number)) found += records.getKeysCount(range);
    start = range.end;
  }
}

function count(records: Strings, isLeft: (record: { key: string; value: string }) => boolean): number {
  let found = 0;
  for (const record of records.getRange()) if (isLeft(record)) found += 1;
  return found;
}

function countersOf({ counters }: Databases, username: string): number {
  const records = keysOfName(username).flatMap((key) => counters.get(key) ?? []);
  return records.filter((record) => readCounter(record).expiresAtMs > Date.now()).length;
}
