import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database } from 'lmdb';
import type { Account } from '../../../ports/engine.js';
import type { StoreReader } from '../../../ports/operations.js';
import { closeDatabases, openDatabasesToRead } from '../lmdb/databases.js';
import type { EmbeddedConfig } from '../engine.js';
import { damagedPartsOf } from './damaged-parts.js';
import { exportRecords } from './export.js';
import { FileDirectory } from '../files/file-directory.js';
import { leftoversIn } from './leftovers.js';
import { parseLmdbUrl } from '../lmdb/lmdb-url.js';
import { parseAccount } from '../lmdb/records.js';

/**
 * Records read in one snapshot. During a longer one the service could not reuse the space of records that it replaces.
 */
const recordsPerPage = 1_000;

/**
 * Opens the directory of `[STORE] host` for reading. Throws an error with a one-line message if there is nothing to
 * read.
 */
export async function openEmbeddedStoreReader({
  store,
  times,
}: Pick<EmbeddedConfig, 'store' | 'times'>): Promise<StoreReader> {
  const directory = parseLmdbUrl(store.host);
  const databases = openDatabasesToRead(directory, times);
  const { environment } = databases;
  const fileDirectory = new FileDirectory(directory, times.diskMs);
  let closed: Promise<void> | undefined;

  async function* accounts(): AsyncGenerator<Account> {
    for await (const { value } of records(databases.accounts)) yield parseAccount(value);
  }

  /** Yields every record that is there throughout, in key order. */
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
    records: () => exportRecords({ databases, directory: fileDirectory }),
    damagedParts: () => damagedPartsOf({ databases, directory, fileDirectory }),
    leftovers: async (username) => leftoversIn(databases, username),
    close: () => (closed ??= closeDatabases(databases)),
  };
}

/** Returns the number of records, as LMDB's `mdb_stat` has it. */
const countOf = (database: Database<string, string>) => (database.getStats() as { entryCount: number }).entryCount;
