import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';
import { checkData, checkDirectory } from './check-directory.js';
import { checkDataFile } from './data-file.js';
import { makePrivate, type ExposedPath } from './exposed-path.js';
import {
  noteOpenProcess,
  otherLiveProcesses,
  refuseOtherProcesses,
  openProcessTable,
  processTableName,
  type OpenProcesses,
} from './open-processes.js';
import type { TimeBudget } from '../../../time-budget.js';
import { FileLock, type LockTimes } from './file-lock.js';
import { parseAccount, recordKey } from './records.js';
import { foldedName } from '../../../ids/folded-name.js';
import { messageOf } from '../../../errors.js';

/**
 * Format of the store. Raise it when the stored data changes its shape or gains a kind: an older Keybin must not open a
 * newer directory. One that knew no files would leave them behind when it erases their account. One that knew no
 * disabled accounts would let them log in. One that knew no folded names would keep those of accounts that it erases.
 */
const format = '4';

/** Formats that lack only what did not exist yet, and folded names. Format 1 also lacks accounts by number. */
const earlierFormats: ReadonlySet<string | undefined> = new Set(['1', '2', '3', undefined]);

/** Address space reserved for the file, which grows only as data comes. */
const mapBytes = 2 ** 40;

/** Size of LMDB's table of readers. Each process that has the directory open takes a few places. */
const maxReaders = 1_024;

export type DirectoryTimes = LockTimes & Pick<TimeBudget, 'openLockMs'>;

type Strings = Database<string, string>;

export interface LmdbDatabase {
  readonly name: string;
  readonly key: string;
  readonly value: string;
}

/** All databases and their records. `npm run settings` writes them into docs/storage.md. */
export const lmdbDatabases = {
  accounts: { name: 'accounts', key: 'username', value: 'account as JSON' },
  users: { name: 'users', key: 'user id', value: 'account number' },
  numbers: { name: 'numbers', key: 'account number', value: 'username' },
  foldedNames: { name: 'folded-names', key: 'hash of the folded username/account number', value: 'nothing' },
  // A token is here only as long as its account is in `users`
  tokens: { name: 'tokens', key: 'token hash', value: 'expiry, user id, client, account number' },
  clients: { name: 'clients', key: 'user id/client', value: 'version of issue, token hash' },
  expiries: { name: 'expiries', key: 'expiry/token hash', value: 'nothing: tokens in the order of their expiry' },
  entries: { name: 'entries', key: 'account number/key', value: 'version, value as JSON text' },
  posts: { name: 'posts', key: 'account number/post id', value: 'content as JSON text' },
  files: { name: 'files', key: 'account number/file id', value: 'name, type of an image, length and SHA-256 as JSON' },
  fileOwners: { name: 'file-owners', key: 'file id', value: 'account number, while the directory may have its bytes' },
  fileRoom: { name: 'file-room', key: 'account number', value: 'bytes reserved by its files and uploads' },
  uploads: { name: 'uploads', key: 'file id', value: 'lease and reserved bytes of an upload in flight' },
  unlinking: { name: 'unlinking', key: 'file id', value: 'nothing: files whose bytes are still to be removed' },
  codes: { name: 'codes', key: 'username', value: 'expiry, hash of the identify code, wrong tries left' },
  codeExpiries: { name: 'code-expiries', key: 'expiry/username', value: 'nothing: codes in the order of their expiry' },
  erasing: {
    name: 'erasing',
    key: 'number of a deleted account',
    value: 'time, hash of its name, until all of it is removed',
  },
  counters: { name: 'counters', key: 'what a rate limit counts by', value: 'end of its window, count' },
  counterExpiries: {
    name: 'counter_expiries',
    key: 'end/key in `counters`',
    value: 'nothing: counters in the order of their end',
  },
  meta: {
    name: 'meta',
    key: 'name',
    value: 'format, version clock, last account number, secrets, imports that are not complete',
  },
} as const satisfies Readonly<Record<string, LmdbDatabase>>;

type DatabasesByMember = Readonly<Record<keyof typeof lmdbDatabases, Strings>>;

/**
 * All of a store's databases, in one LMDB environment. A value is a string of fixed-width fields, then free text
 * (`records.ts`). Values that are only passed on are not decoded.
 */
export interface Databases extends DatabasesByMember {
  readonly environment: RootDatabase<string, string>;
  readonly processes: OpenProcesses;
  /** Held by a process that opens or closes the environment, or commits: see `openDatabases`. */
  readonly lock: FileLock;
  /** Paths whose modes could not be changed when the directory was opened for writing. */
  readonly exposed: readonly ExposedPath[];
}

type UnlockedDatabases = Omit<Databases, 'lock'>;

/**
 * Opens the environment in `directory` and creates both if necessary. `shared`: other processes may have it open too,
 * if they say the same.
 *
 * Throws an error with a one-line message if the directory cannot be used, holds something else, or is open elsewhere
 * and not shared. It does so too if a transaction of another process does not end within `openLockMs`.
 *
 * A process must close a directory before it opens it again. Opening takes the write lock, and the event loop would
 * block while this process itself has the lock.
 *
 * No process may commit while another one opens the environment or looks into it. LMDB (as of lmdb 3.5) reads which
 * transaction is the last one, and then tells all processes so, without its write lock. A commit in between is undone,
 * and the space that it freed is used twice. Nor may a process open the environment while the last one closes it,
 * because closing destroys the locks.
 */
export function openDatabases(directory: string, shared: boolean, times: DirectoryTimes): Databases {
  try {
    checkDirectory(directory);
    return openLocked(directory, times, () => {
      refuseOtherProcesses(directory, shared);
      const environment = open<string, string>(directory, {
        mapSize: mapBytes,
        maxDbs: 32,
        maxReaders,
        noSubdir: false,
        encoding: 'string',
        // `EmbeddedGroupCommit` gathers writes. lmdb's own gathering makes a promise that no one handles; its rejection
        // ends the process.
        eventTurnBatching: false,
        // With it lmdb releases the lock before the commit is on the disk. A process that is killed then leaves a lock
        // that ends the next writer's environment (MDB_PANIC). A process whose disk hangs does not end. Writes that a
        // disk refused stay visible.
        overlappingSync: false,
      });
      return orClose(environment, () => {
        const databases = databasesIn(environment);
        const { processes } = databases;
        noteFormat(databases); // first: a process in the table has this format, or is an older Keybin
        noteOpenProcess(environment, processes, shared);
        return { ...databases, exposed: makePrivate(directory) };
      });
    });
  } catch (error) {
    throw new Error(`Cannot use ${directory} as an LMDB store: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Opens the environment in `directory` read-only, beside the processes that serve it, in whichever mode they have it
 * open. Takes no write lock and changes nothing. Throws an error with a one-line message, as `openDatabases` does.
 */
export function openDatabasesToRead(directory: string, times: DirectoryTimes): Databases {
  try {
    checkData(directory);
    return openLocked(directory, times, () => {
      const environment = open<string, string>(directory, { readOnly: true, maxDbs: 32, noSubdir: false });
      return orClose(environment, () => {
        const databases = databasesIn(environment);
        const missing = Object.values<unknown>({ ...databases }).includes(undefined); // one was never created
        if (!missing && databases.meta.get('format') === format) return databases;
        throw new Error("it was not created by this version: run 'keybin prepare'");
      });
    });
  } catch (error) {
    throw new Error(`Cannot read ${directory} as an LMDB store: ${messageOf(error)}`, { cause: error });
  }
}

/** Closes the environment when its operations in flight have ended. */
export async function closeDatabases({ environment, lock }: Databases): Promise<void> {
  // A process that keeps the lock for longer has the environment open, so this process is not the last one
  lock.takeSync(lock.times.closeLockMs);
  await environment.close();
  lock.close();
}

/** Runs `work`, which opens the environment, while no other process opens, closes or commits. */
function openLocked(directory: string, times: DirectoryTimes, work: () => UnlockedDatabases): Databases {
  const { openLockMs } = times;
  const lock = new FileLock(join(directory, 'open.lock'), times);
  try {
    if (!lock.takeSync(openLockMs)) {
      const held = `another process has held its lock for ${openLockMs} ms`;
      throw new Error(`${held}: that process is stopped, or its disk hangs`);
    }
    const file = join(directory, 'data.mdb');
    if (existsSync(file)) checkDataFile(file, [lmdbDatabases.meta.name, processTableName]);
    const databases = { ...work(), lock };
    lock.release();
    return databases;
  } catch (error) {
    lock.close();
    throw error;
  }
}

function orClose<T>(environment: RootDatabase<string, string>, work: () => T): T {
  try {
    return work();
  } catch (error) {
    void environment.close(); // it closes synchronously
    throw error;
  }
}

function databasesIn(environment: RootDatabase<string, string>): UnlockedDatabases {
  const opened = Object.entries(lmdbDatabases).map(([member, { name }]) => [
    member,
    environment.openDB<string, string>(name, { encoding: 'string' }),
  ]);
  const processes = openProcessTable(environment);
  return { environment, processes, exposed: [], ...(Object.fromEntries(opened) as DatabasesByMember) }; // one for each member
}

/**
 * Stores the format. Throws if a later Keybin wrote it. Throws also while an older Keybin has the directory open,
 * because that one checks the format only at its start.
 */
function noteFormat({ environment, processes, accounts, numbers, foldedNames, meta }: UnlockedDatabases): void {
  if (meta.get('format') === format) return;
  environment.transactionSync(() => {
    const stored = meta.get('format'); // again: another process may have been first
    if (stored === format) return;
    if (!earlierFormats.has(stored)) {
      throw new Error(`it has format ${stored}, but this version supports format ${format}`);
    }
    const [older] = stored === undefined ? [] : otherLiveProcesses(environment, processes);
    if (older !== undefined)
      throw new Error(`process ${older} of an older version has it open: stop that process first`);
    if (stored === '1') addNumbers(accounts, numbers);
    addFoldedNames(numbers, foldedNames);
    meta.putSync('format', format);
  });
}

/** Adds accounts by number, which format 1 lacks. */
function addNumbers(accounts: Strings, numbers: Strings): void {
  for (const { key, value } of accounts.getRange()) numbers.putSync(String(parseAccount(value).number), key);
}

/** Adds folded names, which the formats before 4 lack. */
function addFoldedNames(numbers: Strings, foldedNames: Strings): void {
  for (const { key, value } of numbers.getRange()) foldedNames.putSync(recordKey(foldedName(value), key), '');
}
