import { FileDirectory } from '@keybin/shared/engines/embedded/files/file-directory.js';
import { FileRecords } from '@keybin/shared/engines/embedded/files/file-records.js';
import { closeDatabases, openDatabases, type Databases } from '@keybin/shared/engines/embedded/lmdb/databases.js';
import { Reads } from '@keybin/shared/engines/embedded/transactions/reads.js';
import { Sweeper } from '@keybin/shared/engines/embedded/sweeper.js';
import { transactionsOf, type Transactions } from '@keybin/shared/engines/embedded/transactions/transactions.js';
import { EmbeddedGroupCommit } from '@keybin/shared/engines/embedded/transactions/group-commit.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { patientTimes as times } from '../../world/times.js';
import { closeLater, fileBytesPerAccount, quietLog } from './store.js';

/** The parts of an engine, for tests that combine them differently. `closeStores` closes them. */
export interface Parts {
  readonly databases: Databases;
  readonly transactions: Transactions;
  readonly reads: Reads;
  readonly writes: EmbeddedGroupCommit;
  readonly records: FileRecords;
  readonly directory: FileDirectory;
}

/** Puts in transactions of a directory that no other process may write to. */
export function putIn<T>(transactions: Transactions, steps: () => T): Promise<T> {
  if (!transactions.put) throw new Error('other processes may write');
  return transactions.put(steps);
}

export interface PartsOptions {
  /** Lease of an upload, in ms. */
  readonly leaseMs?: number;
  /** True if no other process may have the directory open. */
  readonly alone?: boolean;
}

export function ownParts(
  directory = temporaryDirectory(),
  { leaseMs = times.uploadLeaseMs, alone = false }: PartsOptions = {},
): Parts {
  const databases = openDatabases(directory, !alone, times);
  const { environment } = databases;
  const transactions = transactionsOf(databases, directory, alone);
  const writes = new EmbeddedGroupCommit(transactions, { timeoutMs: times.answerMs });
  const close = async () => {
    await writes.idle();
    await closeDatabases(databases);
  };
  closeLater({ close });
  return {
    databases,
    transactions,
    reads: new Reads(() => environment.resetReadTxn()),
    writes,
    records: new FileRecords(databases, fileBytesPerAccount, leaseMs),
    directory: new FileDirectory(directory, times.diskMs),
  };
}

export function ownSweeper(
  { databases, writes, records, directory }: Parts,
  intervalMs = times.embeddedSweepMs,
): Sweeper {
  const sweeper = new Sweeper(databases, writes, { records, directory }, quietLog, {
    ...times,
    embeddedSweepMs: intervalMs,
  });
  closeLater(sweeper);
  return sweeper;
}

/** Returns the current number of records. */
export function count(database: Databases['entries']): number {
  database.resetReadTxn();
  return database.getKeysCount();
}
