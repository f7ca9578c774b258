import { temporaryDirectory } from '@keybin/test/world/processes/temporary-directory.js';
import bcrypt from 'bcrypt';
import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { benchSettings, value } from './accounts.js';

/** Login of the first account in the file. */
export const firstAccount = { username: 'account1', password: 'correct horse' };

const linesPerWrite = 10_000;

/**
 * Writes a complete export of accounts, each with the entries `key1` ... `key<entries>`. Importing it is the fastest
 * way to fill a store. Returns the path.
 */
export async function writeExport(accounts: number, entries: number): Promise<string> {
  const path = join(temporaryDirectory(), 'export');
  const file = await open(path, 'w');
  try {
    await writeRecords(file, accounts, entries);
  } finally {
    await file.close();
  }
  return path;
}

async function writeRecords(file: FileHandle, accounts: number, entries: number): Promise<void> {
  const hash = createHash('sha256');
  const write = async (records: readonly object[]) => {
    const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
    hash.update(text);
    await file.write(text);
  };
  const passwordHash = await bcrypt.hash(firstAccount.password, Number(benchSettings.KEYBIN_ACCOUNTS_BCRYPT_COST));
  const createdAt = new Date();
  const version = createdAt.getTime() * 1_000;

  await write([{ type: 'keybin', format: 1, source: 'bench' }]);
  for (let number = 1; number <= accounts; number++) {
    const userId = randomUUID();
    const objectId = number.toString(16).padStart(24, '0');
    const username = `account${number}`;
    const account = { userId, number, objectId, username, passwordHash, createdAt, disabled: false, generation: 0 };
    await write([{ type: 'account', account }]);
    const entry = (at: number) => ({ type: 'entry', user: userId, key: `key${at}`, version: version + at, value });
    for (let from = 1; from <= entries; from += linesPerWrite) {
      const length = Math.min(linesPerWrite, entries - from + 1);
      await write(Array.from({ length }, (_, offset) => entry(from + offset)));
    }
  }
  const counts = { accounts, entries: accounts * entries, posts: 0, files: 0 };
  await write([{ type: 'end', counts, sha256: hash.copy().digest('hex') }]);
}
