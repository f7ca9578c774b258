import { ProcessGroup } from './process-group.js';
import type { ProcessType } from './procfile.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Returns the signal to pass on. A closed terminal sends SIGHUP, but Keybin's processes drain on SIGTERM. */
const passedOn = (signal: NodeJS.Signals) => (signal === 'SIGHUP' ? 'SIGTERM' : signal);

/** Prints a line. If nobody reads standard output, its `error` event says so once. */
function print(line: string): void {
  if (process.stdout.writable) process.stdout.write(`${line}\n`);
}

export interface EndTimes {
  /** Time from the signal to end until processes that are left are killed. */
  readonly killAfterMs: number;
  /** Time within which a second signal counts as the same one. */
  readonly echoedSignalMs: number;
}

/** Outcome of a run. */
export interface Ending {
  /** True if a signal, or the loss of the reader, came before the end of any process. */
  readonly signalled: boolean;
  /** True if all processes exited with 0. */
  readonly well: boolean;
}

/**
 * Runs all of `types` and prints their output, each line with its process's name. Ends them when a signal arrives, when
 * nobody reads the output (`| head`), or when one of them ends. Kills those that are left `killAfterMs` later. Resolves
 * once all are gone.
 *
 * A second signal is passed on like the first: Keybin's processes then stop draining.
 */
export async function run(types: readonly ProcessType[], { killAfterMs, echoedSignalMs }: EndTimes): Promise<Ending> {
  const width = Math.max(...types.map(({ name }) => name.length));
  let endingSinceMs: number | undefined;
  let endedByItself = false;

  const signalAll = (signal: NodeJS.Signals) => {
    for (const { group } of groups) group.signal(signal);
  };
  const end = (signal: NodeJS.Signals) => {
    endingSinceMs = performance.now();
    setTimeout(signalAll, killAfterMs, 'SIGKILL').unref();
    signalAll(signal);
  };
  const receive = (signal: NodeJS.Signals) => {
    if (endingSinceMs === undefined) end(passedOn(signal));
    else if (performance.now() - endingSinceMs > echoedSignalMs) signalAll(passedOn(signal));
  };
  // Both handlers are set before any process starts, so that none is left behind
  for (const signal of signals) process.on(signal, receive);
  // This handler stays, because the last output may fail after all processes have ended
  process.stdout.on('error', () => {
    if (endingSinceMs === undefined) end('SIGTERM');
  });

  const groups = types.map(({ name, command }) => {
    const prefix = `${name.padEnd(width)} | `;
    return { name, group: new ProcessGroup(command, (line) => print(prefix + line)) };
  });
  const exits = groups.map(async ({ name, group }) => {
    const code = await group.exited;
    print(`${name} ended ${code === undefined ? 'by a signal' : `with code ${code}`}`);
    if (endingSinceMs === undefined) {
      endedByItself = true;
      end('SIGTERM'); // its own group, too: it may have left a process behind
    }
    await group.closed;
    return code;
  });
  const codes = await Promise.all(exits);
  for (const signal of signals) process.off(signal, receive);
  return { signalled: !endedByItself, well: codes.every((code) => code === 0) };
}
