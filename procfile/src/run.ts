import { ProcessGroup } from './process-group.js';
import type { ProcessType } from './procfile.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A terminal that has gone: Keybin's processes drain when they are told to end, and would not when they are told that. */
const passedOn = (signal: NodeJS.Signals) => (signal === 'SIGHUP' ? 'SIGTERM' : signal);

/** Whether anybody reads it is told by the `error` of standard output, once. */
function print(line: string): void {
  if (process.stdout.writable) process.stdout.write(`${line}\n`);
}

export interface EndTimes {
  /** From the signal to end until what is left is killed. */
  readonly killAfterMs: number;
  /** A second signal within this time is the same one. */
  readonly echoedSignalMs: number;
}

/** How it ended. */
export interface Ending {
  /** Whether a signal came first, or nobody read any more, and not the end of one of the processes. */
  readonly signalled: boolean;
  /** Whether all exited with 0. */
  readonly well: boolean;
}

/**
 * Runs all of `types` and prints what they print, each line with its name, until a signal comes, nobody reads what is printed any
 * more (`| head`), or one of them ends: then the others are ended too, and `killAfterMs` later killed. Resolves once all are gone.
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
  // Both before there is anything to leave behind
  for (const signal of signals) process.on(signal, receive);
  // It stays: what is printed at the end may fail when all is over
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
      end('SIGTERM'); // its own group too: it may have left something behind
    }
    await group.closed;
    return code;
  });
  const codes = await Promise.all(exits);
  for (const signal of signals) process.off(signal, receive);
  return { signalled: !endedByItself, well: codes.every((code) => code === 0) };
}
