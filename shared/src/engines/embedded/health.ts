import { askDependency, type DependencyHealth, type Health } from '../../ports/health.js';
import type { TimeBudget } from '../../time-budget.js';
import type { EmbeddedGroupCommit } from './transactions/group-commit.js';

/**
 * Returns the health of the engine. It can serve if `read`, which reads from the store, succeeds. A bad disk does not
 * stop reads, because they come from memory.
 */
export async function embeddedHealth(
  read: () => Promise<unknown>,
  writes: Pick<EmbeddedGroupCommit, 'oldestMs' | 'failure'>,
  { answerMs, stalledWriteMs }: Pick<TimeBudget, 'answerMs' | 'stalledWriteMs'>,
): Promise<Health> {
  const lmdb = await askDependency('lmdb', read, answerMs);
  return {
    canServe: lmdb.answered,
    dependencies: [lmdb.answered ? { ...lmdb, ...trouble(writes, stalledWriteMs) } : lmdb],
  };
}

function trouble(
  { oldestMs, failure }: Pick<EmbeddedGroupCommit, 'oldestMs' | 'failure'>,
  stalledWriteMs: number,
): Partial<DependencyHealth> {
  if (oldestMs > stalledWriteMs) return { answered: false, problem: 'writes wait for the disk or the write lock' };
  if (failure === undefined) return {};
  if (failure.code === 'storage_full') return { problem: 'storage was full at the last write' };
  return { answered: false, problem: 'the last write failed' };
}
