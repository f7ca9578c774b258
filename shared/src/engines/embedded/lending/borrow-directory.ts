import { once } from 'node:events';
import { connect } from 'node:net';
import { orTimeout } from '../../../deadline.js';
import type { TimeBudget } from '../../../time-budget.js';
import { lenderSocketIn, lentLine } from './directory-lender.js';

/**
 * Asks the process that has the directory alone to share it. Resolves with a function that gives it back, to be called
 * when this process has closed the directory. Resolves with `undefined` if no process lends it. Throws an error with a
 * one-line message if a process does, but not now.
 */
export async function borrowDirectory(
  directory: string,
  { openLockMs }: Pick<TimeBudget, 'openLockMs'>,
): Promise<(() => void) | undefined> {
  const path = lenderSocketIn(directory);
  if (path === undefined) return undefined;
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } catch {
    return undefined; // there is no socket, or it is that of a process that was killed
  }
  socket.setEncoding('utf8').on('error', () => {}); // the service was killed: its directory is still open here
  const cannot = (why: string) => new Error(`The process that has ${directory} open does not share it: ${why}`);
  try {
    const first = Promise.race([once(socket, 'data'), once(socket, 'end')]).catch((error: Error) => [error.message]);
    const [line = ''] = await orTimeout(first, openLockMs, () => cannot(`no answer in ${openLockMs} ms`));
    if (String(line).trimEnd() !== lentLine) throw cannot(String(line).trimEnd() || 'it is stopping');
    return () => socket.destroy();
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
