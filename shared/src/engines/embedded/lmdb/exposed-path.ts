import { chmodSync, readdirSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';

/** Path of a store on which other users of the machine have rights. */
export interface ExposedPath {
  readonly path: string;
  /** Mode with the rights of all users. */
  readonly mode: number;
}

const rightsOfOthers = 0o077;

/** Returns what is exposed at a path with these properties, if anything. */
export const exposedBy = (path: string, { mode }: Pick<Stats, 'mode'>): ExposedPath | undefined =>
  (mode & rightsOfOthers) === 0 ? undefined : { path, mode: mode & 0o777 };

/** Returns the paths in a store that are exposed, without uploaded files. */
export function exposedIn(directory: string): ExposedPath[] {
  return pathsIn(directory).flatMap((path) => exposedAt(path) ?? []);
}

function exposedAt(path: string): ExposedPath | undefined {
  try {
    return exposedBy(path, statSync(path));
  } catch {
    return undefined; // it is not there, or another user has closed its folder
  }
}

/**
 * Takes from other users what rights they have on a store. Returns the paths where it may not, because another user
 * owns them. Uploaded files are left out: there may be a great many.
 */
export function makePrivate(directory: string): ExposedPath[] {
  return exposedIn(directory).filter(({ path, mode }) => {
    try {
      chmodSync(path, mode & ~rightsOfOthers);
      return false;
    } catch {
      return true;
    }
  });
}

/** Returns the directory of a store, the files of LMDB, of its lock and of its socket, and the folders of files. */
function pathsIn(directory: string): string[] {
  const names = ['data.mdb', 'lock.mdb', 'open.lock', 'service.sock', 'files'];
  return [directory, ...names.map((name) => join(directory, name)), ...foldersIn(join(directory, 'files'))];
}

function foldersIn(files: string): string[] {
  try {
    return readdirSync(files).map((name) => join(files, name));
  } catch {
    return []; // there is no file yet, or another user has closed the folder
  }
}
