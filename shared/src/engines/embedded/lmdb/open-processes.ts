import { statSync } from 'node:fs';
import { join } from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';

/** How a process has the directory open. */
type Mode = 'alone' | 'shared';

/** process id -> how it has the directory open; also of processes that are gone */
export type OpenProcesses = Database<Mode, number>;

type Environment = RootDatabase<string, string>;

export const openProcessTable = (environment: Environment): OpenProcesses =>
  environment.openDB<Mode, number>('claims', { encoding: 'string' });

/**
 * Throws as `noteOpenProcess` does, but without the write lock: to open a directory waits, without any event, as long as a stopped
 * process has it. What this look misses, `noteOpenProcess` finds.
 */
export function refuseOtherProcesses(directory: string, shared: boolean): void {
  const data = statSync(join(directory, 'data.mdb'), { throwIfNoEntry: false });
  if (!data?.size) return;
  const environment = open<string, string>(directory, { readOnly: true, maxDbs: 1, noSubdir: false });
  try {
    const processes = openProcessTable(environment) as OpenProcesses | undefined; // nobody has made it
    if (processes) refuseOrListGone(environment, processes, shared);
  } finally {
    void environment.close(); // does all at once
  }
}

/**
 * Notes that this process has the directory open, and throws when another live one wants it alone, or this one does. All who
 * open it do so under the write lock, and a process lives as long as LMDB's table of readers has it. It is in there from its
 * first read on, which is here: lmdb keeps its read transaction, and LMDB sees by a lock of the system when the process is gone.
 */
export function noteOpenProcess(environment: Environment, processes: OpenProcesses, shared: boolean): void {
  processes.get(process.pid);
  environment.transactionSync(() => {
    for (const pid of refuseOrListGone(environment, processes, shared)) processes.removeSync(pid);
    processes.putSync(process.pid, shared ? 'shared' : 'alone');
  });
}

/** Of those that have noted that they have the directory open, this one left out, who lives. */
export function otherLiveProcesses(environment: Environment, processes: OpenProcesses): number[] {
  const live = livePids(environment);
  return others(processes).flatMap(({ key }) => (live.has(key) ? [key] : []));
}

/** The processes that are gone. Throws if a live one does not go together with this one. */
function refuseOrListGone(environment: Environment, processes: OpenProcesses, shared: boolean): number[] {
  const live = livePids(environment);
  const opposed = others(processes).find(({ key, value }) => live.has(key) && !(shared && value === 'shared'));
  if (opposed) throw new Error(shared ? notShared(opposed.key) : notAlone(opposed.key));
  return others(processes).flatMap(({ key }) => (live.has(key) ? [] : [key]));
}

const others = (processes: OpenProcesses) => [...processes.getRange()].filter(({ key }) => key !== process.pid);

const notAlone = (pid: number) =>
  `process ${pid} has it open, and [APP] processes = 1 wants it alone: end that process, or give each of them ` +
  '[APP] processes = 2 or more';

const notShared = (pid: number) =>
  `process ${pid} has it open alone ([APP] processes = 1): end that process, or give it [APP] processes = 2 or more`;

function livePids(environment: Environment): Set<number> {
  environment.readerCheck(); // a process that was killed may have left its slot behind
  const lines = environment.readerList().split('\n');
  return new Set(lines.map((line) => Number.parseInt(line, 10)).filter((pid) => !Number.isNaN(pid)));
}
