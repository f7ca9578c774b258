import { resolve } from 'node:path';

/**
 * The directory that an `lmdb:` URL names: `lmdb://./data` and `lmdb://data` are relative to the working directory,
 * `lmdb:///path` is absolute. It is taken as written, so any character that a path may have can stand in it.
 */
export function parseLmdbUrl(host: string): string {
  const path = /^lmdb:\/\/(.+)$/s.exec(host)?.[1];
  if (path === undefined) throw new Error(`[STORE] host: '${host}' names no directory, expected lmdb://PATH`);
  return resolve(path);
}
