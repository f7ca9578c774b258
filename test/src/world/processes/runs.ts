import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Whether a process runs; one that ended and that its parent has not looked at yet does not. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const state = `/proc/${pid}/stat`;
  return !existsSync(state) || !/\) Z /.test(readFileSync(state, 'latin1'));
}

/** Whether a signal has stopped all threads of a process, the last of which may run on for a while; yes where the system does not tell. */
export function standsStill(pid: number): boolean {
  const threads = `/proc/${pid}/task`;
  if (!existsSync(threads)) return true;
  return readdirSync(threads).every((thread) => {
    try {
      return /\) T /.test(readFileSync(join(threads, thread, 'stat'), 'latin1'));
    } catch {
      return true; // it has ended meanwhile
    }
  });
}

/** The children that a process has now. */
export function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? [] : children.split(' ').map(Number);
}
