import { resolve } from 'node:path';

/**
 * Returns the directory that an `lmdb:` URL names. `lmdb://./data` and `lmdb://data` are relative to the working
 * directory, `lmdb:///path` is absolute. The path is taken as written and may have any character.
 */
export function parseLmdbUrl(host: string): string {
  const path = /^lmdb:\/\/(.+)$/s.exec(host)?.[1];
  if (path === undefined) throw new Error(`[STORE] host: '${host}' does not name a directory, expected lmdb://PATH`);
  return resolve(path);
}
