import { open, type Database, type RootDatabase } from 'lmdb';
import { checkDirectory } from './check-directory.js';
import { claimDirectory, lookForOthers, openClaims } from './claim.js';
import { parseAccount } from './records.js';

/** Raised when what is stored changes its shape: an older Keybin must not open a newer directory. */
const format = '2';

/** Address space set aside for the file, which grows only as data comes. */
const defaultMapBytes = 2 ** 40;

/** Each process that has the directory open takes a few. */
const maxReaders = 1_024;

type Strings = Database<string, string>;

/**
 * All of a store's databases, in one LMDB environment. A value is a string of fixed-width fields followed by free text
 * (`records.ts`); nothing is decoded that is only passed on.
 */
export interface Databases {
  readonly environment: RootDatabase<string, string>;
  /** username -> account as JSON */
  readonly accounts: Strings;
  /** user id -> account number */
  readonly users: Strings;
  /** account number -> username */
  readonly numbers: Strings;
  /** token hash -> expiry, user id, client, account number. A token is here only as long as its account is in `users`. */
  readonly tokens: Strings;
  /** user id/client -> version of issue, token hash */
  readonly clients: Strings;
  /** expiry/token hash -> nothing: the tokens in the order in which they expire */
  readonly expiries: Strings;
  /** account number/key -> version, value as JSON text */
  readonly entries: Strings;
  /** account number/post id -> content as JSON text */
  readonly posts: Strings;
  /** numbers of erased accounts whose entries and posts are still to be removed */
  readonly erasing: Strings;
  /** format, version clock, last account number, secrets */
  readonly meta: Strings;
}

/**
 * Opens the environment in `directory` and makes both if need be. Throws an error with one clear line when the directory
 * cannot be used, holds something else, or is open elsewhere and not to be shared. A process must not open a directory a second
 * time before it has closed it: opening takes the write lock, for which the event loop would wait while it has it.
 *
 * `shared`: other processes may have it open too, if they say the same. With lmdb's overlapping sync, which makes a fifth more writes,
 * a process that is killed while it syncs leaves its lock in a state that ends the next writer's environment (MDB_PANIC).
 */
export function openDatabases(directory: string, shared: boolean, mapBytes = defaultMapBytes): Databases {
  try {
    checkDirectory(directory);
    lookForOthers(directory, shared);
    const environment = open<string, string>(directory, {
      mapSize: mapBytes,
      maxDbs: 16,
      maxReaders,
      noSubdir: false,
      encoding: 'string',
      // Writes are gathered by `Writes`; lmdb's own gathering makes a promise that nobody holds, whose rejection ends the process.
      eventTurnBatching: false,
      overlappingSync: false,
    });
    const database = (name: string) => environment.openDB<string, string>(name, { encoding: 'string' });
    const databases = {
      environment,
      accounts: database('accounts'),
      users: database('users'),
      numbers: database('numbers'),
      tokens: database('tokens'),
      clients: database('clients'),
      expiries: database('expiries'),
      entries: database('entries'),
      posts: database('posts'),
      erasing: database('erasing'),
      meta: database('meta'),
    };
    claimDirectory(environment, openClaims(environment), shared);
    claimFormat(databases);
    return databases;
  } catch (error) {
    throw new Error(`Cannot use ${directory} as LMDB store: ${reason(error)}`, { cause: error });
  }
}

function claimFormat({ environment, accounts, numbers, meta }: Databases): void {
  if (meta.get('format') === format) return;
  environment.transactionSync(() => {
    const stored = meta.get('format'); // again: another process may have been first
    if (stored === '1') addNumbers(accounts, numbers);
    else if (stored !== undefined && stored !== format) {
      throw new Error(`it has format ${stored}, this Keybin knows format ${format}`);
    }
    meta.putSync('format', format);
  });
}

/** Format 1 could not find an account by its number. */
function addNumbers(accounts: Strings, numbers: Strings): void {
  for (const { key, value } of accounts.getRange()) numbers.putSync(String(parseAccount(value).number), key);
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
