import { statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import type { Config } from '../../../config/config.js';
import type { Diagnosis } from '../../../ports/operations.js';
import { closeDatabases, openDatabasesToRead, type DirectoryTimes } from '../lmdb/databases.js';
import { parseLmdbUrl } from '../lmdb/lmdb-url.js';
import { messageOf } from '../../../errors.js';

/** Free bytes below which the disk is low: soon writes will fail with 507. */
const lowBytes = 2 ** 30;
const lowestBytes = 64 * 2 ** 20;

/** Checks the directory beside the processes that serve it. Changes nothing. */
export async function diagnose({ store, times }: Pick<Config, 'store' | 'times'>): Promise<Diagnosis[]> {
  const directory = parseLmdbUrl(store.host);
  if (!statSync(directory, { throwIfNoEntry: false })) {
    const says = `${directory} does not exist yet`;
    return [{ check: 'store', state: 'warning', says, remedy: "start the service or run 'keybin prepare'" }];
  }
  return [await look(directory, times), permissions(directory), await room(directory)];
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

function permissions(directory: string): Diagnosis {
  const mode = statSync(directory).mode & 0o777;
  const text = mode.toString(8).padStart(3, '0');
  if ((mode & 0o077) === 0)
    return { check: 'permissions', state: 'ok', says: `only the owner can access ${directory} (${text})` };
  const says = `other users can access ${directory} (${text}) and read all values and hashes`;
  return { check: 'permissions', state: 'problem', says, remedy: `chmod 700 ${directory}` };
}

async function room(directory: string): Promise<Diagnosis> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  const says = `${(free / 2 ** 30).toFixed(1)} GiB are free on the disk of ${directory}`;
  if (free >= lowBytes) return { check: 'disk', state: 'ok', says };
  const remedy = 'free disk space: on a full disk writes fail with 507';
  return { check: 'disk', state: free < lowestBytes ? 'problem' : 'warning', says, remedy };
}
