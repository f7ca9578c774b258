import { filesOf, missingCoverage, postsOf } from './coverage.js';
import type { RunResult } from './run.js';

export interface Report {
  /** Table in Markdown, formatted as the formatter does it. */
  readonly table: string;
  /** Violations, one per line. */
  readonly details: readonly string[];
  readonly isGood: boolean;
}

export function report(result: RunResult): Report {
  const { engine, redis, processes, lastedMinutes, seed, history, faults, findings, traces, leftovers, gone } = result;
  const kinds = [...faults.byKind].toSorted(([one], [other]) => one.localeCompare(other));
  const wrong: readonly [string, readonly string[]][] = [
    ['lost', [...findings.lost, ...leftovers.different]],
    ['stale reads', findings.stale],
    ['lists that missed something, or were not in order', findings.missed],
    ['resurrected', [...findings.resurrected, ...leftovers.resurrected]],
    ['unexpected answers', history.unexpected],
    ['processes that ended by themselves or badly', gone],
  ];
  const rows: readonly (readonly [string, string | number])[] = [
    ['engine', processes === 1 ? `${engine}, one process` : engine],
    ['Redis', engine === 'embedded' ? 'has none' : redis],
    ['minutes', Math.round(lastedMinutes * 10) / 10],
    ['seed', seed],
    ['date', new Date().toISOString().slice(0, 10)],
    ['operations', history.operations],
    ['answered', history.answered],
    ['accounts', history.lives.length],
    ['posts', postsOf(history)],
    ['files', filesOf(history)],
    ['logouts', history.logouts],
    ['scrapes and probes', history.probes],
    ['faults', faults.total],
    ...kinds.map(([kind, count]) => [`  ${kind}`, count] as const),
    ['faults that hit a write in flight', faults.duringWrite],
    ['reads that met a pending entry', engine === 'embedded' ? 'has none' : history.readsOfPending],
    ...wrong.map(([name, list]) => [name, list.length] as const),
    ['jobs left', leftovers.jobs],
    ['pending entries left', leftovers.pending],
  ];
  const tooLittle = missingCoverage(result, history, faults);
  const details = [
    ...wrong.flatMap(([name, list]) => list.slice(0, 20).map((line) => `${name}: ${line}`)),
    ...tooLittle,
  ];
  if (wrong.some(([, list]) => list.length > 0)) details.push(...traces, ...faults.log);
  const isGood = details.length === 0 && leftovers.jobs === 0 && leftovers.pending === 0;
  return { table: table(rows), details, isGood };
}

function table(rows: readonly (readonly [string, string | number])[]): string {
  const cells = [['', ''], ...rows.map(([name, value]) => [name.replace(/^  /, '… '), String(value)])] as const;
  const [left, right] = [0, 1].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) as [
    number,
    number,
  ];
  const [head = '', ...lines] = cells.map(
    ([name = '', value = '']) => `| ${name.padEnd(left)} | ${value.padStart(right)} |`,
  );
  return [head, `| ${'-'.repeat(left)} | ${'-'.repeat(right - 1)}: |`, ...lines].join('\n');
}
