import { statSync } from 'node:fs';
import { join } from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';

/** Mode in which a process has the directory open. */
type Mode = 'alone' | 'shared';

/** Process id -> its mode. Also lists processes that have ended. */
export type OpenProcesses = Database<Mode, number>;

type Environment = RootDatabase<string, string>;

export const processTableName = 'claims';

export const openProcessTable = (environment: Environment): OpenProcesses =>
  environment.openDB<Mode, number>(processTableName, { encoding: 'string' });

/**
 * Throws like `noteOpenProcess`, but takes no write lock. Opening for writing would block the event loop while a
 * stopped process has that lock. `noteOpenProcess` finds what this check misses.
 */
export function refuseOtherProcesses(directory: string, shared: boolean): void {
  const data = statSync(join(directory, 'data.mdb'), { throwIfNoEntry: false });
  if (!data?.size) return;
  const environment = open<string, string>(directory, { readOnly: true, maxDbs: 1, noSubdir: false });
  try {
    const processes = openProcessTable(environment) as OpenProcesses | undefined; // undefined if it was never created
    if (processes) refuseOrListGone(environment, processes, shared);
  } finally {
    void environment.close(); // it closes synchronously
  }
}

/**
 * Notes that this process has the directory open. Throws if it is open in another live process and either of the two
 * wants it alone. Every process opens it under the write lock. A process counts as live while LMDB's table of readers
 * has it. This process enters the table here, with its first read, because lmdb keeps its read transaction. LMDB learns
 * from a system lock that a process has ended.
 */
export function noteOpenProcess(environment: Environment, processes: OpenProcesses, shared: boolean): void {
  processes.get(process.pid);
  environment.transactionSync(() => {
    for (const pid of refuseOrListGone(environment, processes, shared)) processes.removeSync(pid);
    processes.putSync(process.pid, shared ? 'shared' : 'alone');
  });
}

/** Returns the other live processes that have noted that they have the directory open. */
export function otherLiveProcesses(environment: Environment, processes: OpenProcesses): number[] {
  const live = livePids(environment);
  return others(processes).flatMap(({ key }) => (live.has(key) ? [key] : []));
}

/** Returns the other processes that have ended. Throws if the mode of a live one conflicts with this one's. */
function refuseOrListGone(environment: Environment, processes: OpenProcesses, shared: boolean): number[] {
  const live = livePids(environment);
  const opposed = others(processes).find(({ key, value }) => live.has(key) && !(shared && value === 'shared'));
  if (opposed) throw new Error(shared ? notShared(opposed.key) : notAlone(opposed.key));
  return others(processes).flatMap(({ key }) => (live.has(key) ? [] : [key]));
}

const others = (processes: OpenProcesses) => [...processes.getRange()].filter(({ key }) => key !== process.pid);

const notAlone = (pid: number) =>
  `process ${pid} has it open, and [APP] processes = 1 requires it exclusively: stop that process, or set ` +
  '[APP] processes = 2 or more for both';

const notShared = (pid: number) =>
  `process ${pid} has it open exclusively ([APP] processes = 1): stop that process, or set [APP] processes = 2 or more for it`;

function livePids(environment: Environment): Set<number> {
  environment.readerCheck(); // a process that was killed may have left its slot behind
  const lines = environment.readerList().split('\n');
  return new Set(lines.map((line) => Number.parseInt(line, 10)).filter((pid) => !Number.isNaN(pid)));
}
