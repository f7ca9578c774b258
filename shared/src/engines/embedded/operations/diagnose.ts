import { statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import type { Config } from '../../../config/config.js';
import type { Diagnosis } from '../../../ports/operations.js';
import { FileDirectory } from '../files/file-directory.js';
import { closeDatabases, openDatabasesToRead, type DirectoryTimes } from '../lmdb/databases.js';
import { exposedIn } from '../lmdb/exposed-path.js';
import { parseLmdbUrl } from '../lmdb/lmdb-url.js';
import { messageOf } from '../../../errors.js';
import type { TimeBudget } from '../../../time-budget.js';

/** Free bytes below which the disk is low: soon writes will fail with 507. */
const lowBytes = 2 ** 30;
const lowestBytes = 64 * 2 ** 20;

/** Exposed paths that are named. */
const mostNamed = 5;

/** Checks the directory beside the processes that serve it. Changes nothing. */
export async function diagnose({ store, times }: Pick<Config, 'store' | 'times'>): Promise<Diagnosis[]> {
  const directory = parseLmdbUrl(store.host);
  if (!statSync(directory, { throwIfNoEntry: false })) {
    const says = `${directory} does not exist yet`;
    return [{ check: 'store', state: 'warning', says, remedy: "start the service or run 'keybin prepare'" }];
  }
  return [await look(directory, times), await permissions(directory, times), await room(directory)];
}

async function look(directory: string, times: DirectoryTimes): Promise<Diagnosis> {
  try {
    const databases = openDatabasesToRead(directory, times);
    const says = `LMDB in ${directory} is readable and has format ${databases.meta.get('format')}`;
    await closeDatabases(databases);
    return { check: 'store', state: 'ok', says };
  } catch (error) {
    const remedy = "run 'keybin prepare' for details; if the directory is damaged, restore a backup";
    return { check: 'store', state: 'problem', says: messageOf(error), remedy };
  }
}

/** Finds what other users have rights on. They reach nothing in a directory that is closed itself. */
async function permissions(
  directory: string,
  { diskMs }: DirectoryTimes & Pick<TimeBudget, 'diskMs'>,
): Promise<Diagnosis> {
  const check = 'permissions';
  const exposed = exposedIn(directory);
  for await (const file of new FileDirectory(directory, diskMs).exposed()) exposed.push(file);
  if (exposed.length === 0) return { check, state: 'ok', says: `only the owner can access ${directory}` };
  const named = exposed.slice(0, mostNamed).map(({ path, mode }) => `${path} (${mode.toString(8).padStart(3, '0')})`);
  const more = exposed.length > mostNamed ? ` and ${exposed.length - mostNamed} more` : '';
  const remedy = `chmod -R go-rwx ${directory}, as the owner of these files or as root`;
  if (exposed[0]?.path !== directory) {
    const says = `other users have rights on ${named.join(', ')}${more}, but do not reach them: ${directory} is closed`;
    return { check, state: 'warning', says, remedy };
  }
  const says = `other users can access ${named.join(', ')}${more} and read all values and hashes`;
  return { check, state: 'problem', says, remedy };
}

async function room(directory: string): Promise<Diagnosis> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  const says = `${(free / 2 ** 30).toFixed(1)} GiB are free on the disk of ${directory}`;
  if (free >= lowBytes) return { check: 'disk', state: 'ok', says };
  const remedy = 'free disk space: on a full disk writes fail with 507';
  return { check: 'disk', state: free < lowestBytes ? 'problem' : 'warning', says, remedy };
}
