import type { History } from './checkers/history.js';
import type { FaultCounts } from './faults.js';
import type { RedisKind } from './world.js';

/**
 * Least numbers per minute of a meaningful run. Posts, files and logouts are acknowledged ones. Reads are of keys with
 * a pending write.
 */
const leastPerMinute = {
  single: { faults: 10, posts: 100, files: 20, logouts: 10, probes: 200, readsOfPending: 50 },
  // The cluster is complete again only seconds after each fault of a node
  cluster: { faults: 6, posts: 20, files: 5, logouts: 2, probes: 200, readsOfPending: 10 },
  // Sentinels need about ten seconds to replace a primary and to take it in again
  sentinel: { faults: 3, posts: 20, files: 5, logouts: 2, probes: 200, readsOfPending: 10 },
  failover: { faults: 6, posts: 20, files: 5, logouts: 2, probes: 200, readsOfPending: 10 },
} as const satisfies Record<RedisKind, object>;
/** Least share of the faults that must hit a write in flight. */
const duringWriteShare = 0.25;

interface Run {
  readonly engine: 'embedded' | 'scale-out';
  readonly redis: RedisKind;
  readonly minutes: number;
}

export const postsOf = ({ lives }: History) => lives.reduce((sum, { posts }) => sum + posts.answered.length, 0);
export const filesOf = ({ lives }: History) => lives.reduce((sum, { files }) => sum + files.answered.length, 0);

/** Tells what happened too rarely for a run of so many minutes, a line for each. */
export function missingCoverage({ engine, redis, minutes }: Run, history: History, faults: FaultCounts): string[] {
  const perMinute = leastPerMinute[redis];
  const least: readonly [string, number, number][] = [
    ['posts', postsOf(history), minutes * perMinute.posts],
    ['files', filesOf(history), minutes * perMinute.files],
    ['logouts', history.logouts, minutes * perMinute.logouts],
    ['scrapes and probes', history.probes, minutes * perMinute.probes],
    ['faults', faults.total, minutes * perMinute.faults],
    ['faults that hit a write in flight', faults.duringWrite, faults.total * duringWriteShare],
    [
      'reads that met a pending entry',
      history.readsOfPending,
      engine === 'embedded' ? 0 : minutes * perMinute.readsOfPending,
    ],
  ];
  const rare = least.flatMap(([what, count, needed]) =>
    count < needed ? [`Too little happened: ${count} ${what}, at least ${Math.ceil(needed)} are needed`] : [],
  );
  return [...rare, ...[...faults.absent].map((kind) => `Too little happened: no ${kind}`)];
}
