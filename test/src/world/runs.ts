import { existsSync, readFileSync } from 'node:fs';

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
