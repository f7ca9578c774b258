import { askDependency, type DependencyHealth, type Health } from '../../health.js';
import type { Writes } from './writes.js';

/** Writes that wait longer are held up: a disk takes milliseconds. */
const longestWaitMs = 1_000;

/** Reads are served from memory whatever the disk does, so it can serve as long as `read` can, which looks at the store. */
export async function lmdbHealth(
  read: () => Promise<unknown>,
  writes: Pick<Writes, 'oldestMs' | 'failure'>,
): Promise<Health> {
  const lmdb = await askDependency('lmdb', read);
  return { canServe: lmdb.answered, dependencies: [lmdb.answered ? { ...lmdb, ...trouble(writes) } : lmdb] };
}

function trouble({ oldestMs, failure }: Pick<Writes, 'oldestMs' | 'failure'>): Partial<DependencyHealth> {
  if (oldestMs > longestWaitMs) return { answered: false, problem: 'writes wait for its disk, or for its lock' };
  if (failure === undefined) return {};
  if (failure.code === 'storage_full') return { problem: 'it was full for the last write' };
  return { answered: false, problem: 'the last write failed' };
}
