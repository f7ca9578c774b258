import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** True if a process runs. False for a zombie. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const state = `/proc/${pid}/stat`;
  return !existsSync(state) || !/\) Z /.test(readFileSync(state, 'latin1'));
}

/**
 * True if a signal has stopped all threads of a process. The last one may run a little after the signal. Also true
 * where the system does not report threads.
 */
export function standsStill(pid: number): boolean {
  const threads = `/proc/${pid}/task`;
  if (!existsSync(threads)) return true;
  return readdirSync(threads).every((thread) => {
    try {
      return /\) T /.test(readFileSync(join(threads, thread, 'stat'), 'latin1'));
    } catch {
      return true; // it has just ended
    }
  });
}

/** Returns the current children of a process. */
export function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? [] : children.split(' ').map(Number);
}
