import type { RunResult } from './run.js';

/** Fewer show nothing: so many faults must there be for each minute, ... */
const faultsPerMinute = 10;
/** ... such a share of them while a write was under way, ... */
const duringWriteShare = 0.25;
/** ... and so many reads, for each minute, of keys whose write waited for the worker. */
const readsOfPendingPerMinute = 50;

/** The table of a run, and below it each thing that is wrong. */
export interface Report {
  readonly text: string;
  readonly isGood: boolean;
}

export function report(result: RunResult): Report {
  const { engine, minutes, seed, history, faults, findings, leftovers, gone } = result;
  const kinds = [...faults.byKind].toSorted(([one], [other]) => one.localeCompare(other));
  const wrong: readonly [string, readonly string[]][] = [
    ['lost', [...findings.lost, ...leftovers.different]],
    ['stale reads', findings.stale],
    ['lists that missed a key', findings.missed],
    ['resurrected', [...findings.resurrected, ...leftovers.resurrected]],
    ['unexpected answers', history.unexpected],
    ['processes that ended by themselves or badly', gone],
  ];
  const rows: readonly (readonly [string, string | number])[] = [
    ['engine', engine],
    ['minutes', minutes],
    ['seed', seed],
    ['operations', history.operations],
    ['answered', history.answered],
    ['accounts', history.lives.length],
    ['faults', faults.total],
    ...kinds.map(([kind, count]) => [`  ${kind}`, count] as const),
    ['faults that hit a write in flight', faults.duringWrite],
    ['reads that met a pending entry', engine === 'embedded' ? 'has none' : history.readsOfPending],
    ...wrong.map(([name, list]) => [name, list.length] as const),
    ['jobs left', leftovers.jobs],
    ['pending entries left', leftovers.pending],
  ];
  const tooLittle = whatWasTooLittle(result);
  const details = [
    ...wrong.flatMap(([name, list]) => list.slice(0, 20).map((line) => `${name}: ${line}`)),
    ...tooLittle,
  ];
  const isGood = details.length === 0 && leftovers.jobs === 0 && leftovers.pending === 0;
  return { text: [table(rows), ...details].join('\n'), isGood };
}

function whatWasTooLittle({ engine, minutes, history, faults }: RunResult): string[] {
  const least: readonly [string, number, number][] = [
    ['faults', faults.total, minutes * faultsPerMinute],
    ['faults that hit a write in flight', faults.duringWrite, faults.total * duringWriteShare],
    [
      'reads that met a pending entry',
      history.readsOfPending,
      engine === 'embedded' ? 0 : minutes * readsOfPendingPerMinute,
    ],
  ];
  return least.flatMap(([what, count, needed]) =>
    count < needed ? [`Too little happened: ${count} ${what}, at least ${Math.ceil(needed)} are needed`] : [],
  );
}

function table(rows: readonly (readonly [string, string | number])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  const line = (name: string, value: string) => `| ${name.padEnd(width)} | ${value.padStart(10)} |`;
  return [
    line('', ''),
    `| ${'-'.repeat(width)} | ---------: |`,
    ...rows.map(([name, value]) => line(name, String(value))),
  ].join('\n');
}
