import { echoedSignalMs } from '@keybin/shared/lifecycle.js';
import { ProcessGroup } from './process-group.js';
import type { ProcessType } from './procfile.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs all of `types` and prints what they print, each line with its name, until a signal comes or one of them ends: then the
 * others are ended too, and `killAfterMs` later killed. Resolves once all are gone, with the exit code: 0 if a signal came first
 * and all ended well.
 *
 * A second signal is passed on like the first: Keybin's processes then stop draining.
 */
export async function run(types: readonly ProcessType[], killAfterMs: number): Promise<number> {
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
    if (endingSinceMs === undefined) end(signal);
    else if (performance.now() - endingSinceMs > echoedSignalMs) signalAll(signal);
  };
  for (const signal of signals) process.on(signal, receive); // before there is anything to leave behind

  const groups = types.map(({ name, command }) => {
    const prefix = `${name.padEnd(width)} | `;
    return { name, group: new ProcessGroup(command, (line) => process.stdout.write(`${prefix}${line}\n`)) };
  });
  const exits = groups.map(async ({ name, group }) => {
    const code = await group.exited;
    process.stdout.write(`${name} ended ${code === undefined ? 'by a signal' : `with code ${code}`}\n`);
    if (endingSinceMs === undefined) {
      endedByItself = true;
      end('SIGTERM'); // its own group too: it may have left something behind
    }
    await group.closed;
    return code;
  });
  const codes = await Promise.all(exits);
  for (const signal of signals) process.off(signal, receive);
  return !endedByItself && codes.every((code) => code === 0) ? 0 : 1;
}
