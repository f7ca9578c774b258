import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database } from 'lmdb';
import type { Account } from '../../../ports/engine.js';
import type { StoreReader } from '../../../ports/operations.js';
import { closeDatabases, openDatabasesToRead } from '../lmdb/databases.js';
import type { EmbeddedConfig } from '../engine.js';
import { exportRecords } from './export.js';
import { FileDirectory } from '../files/file-directory.js';
import { leftoversIn } from './leftovers.js';
import { parseLmdbUrl } from '../lmdb/lmdb-url.js';
import { parseAccount } from '../lmdb/records.js';

/** Records read in one snapshot. A longer one would keep the service from using the room of what it replaces meanwhile. */
const recordsPerPage = 1_000;

/** Opens the directory of `[STORE] host` to look at it. Throws an error with one line when there is nothing to look at. */
export async function openEmbeddedStoreReader({
  store,
  times,
}: Pick<EmbeddedConfig, 'store' | 'times'>): Promise<StoreReader> {
  const directory = parseLmdbUrl(store.host);
  const databases = openDatabasesToRead(directory, times);
  const { environment } = databases;
  let closed: Promise<void> | undefined;

  async function* accounts(): AsyncGenerator<Account> {
    for await (const { value } of records(databases.accounts)) yield parseAccount(value);
  }

  /** Every record that is there throughout, in the order of the keys. */
  async function* records(database: Database<string, string>, after?: string) {
    for (;;) {
      environment.resetReadTxn();
      const from = after === undefined ? {} : { start: after, exclusiveStart: true };
      const page = Array.from(database.getRange({ ...from, limit: recordsPerPage }));
      yield* page;
      after = page.at(-1)?.key;
      if (page.length < recordsPerPage) return;
      await nextTurn();
    }
  }

  return {
    location: directory,
    accounts,
    async size() {
      const { accounts: all, entries, posts, files } = databases;
      return [all, entries, posts, files].reduce((sum, database) => sum + countOf(database), 0);
    },
    records: () => exportRecords({ databases, directory: new FileDirectory(directory, times.diskMs) }),
    leftovers: async (username) => leftoversIn(databases, username),
    close: () => (closed ??= closeDatabases(databases)),
  };
}

const countOf = (database: Database<string, string>) => (database.getStats() as { entryCount: number }).entryCount; // LMDB's `mdb_stat`
