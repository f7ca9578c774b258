import { existsSync, readFileSync } from 'node:fs';

/** True if this machine reports the memory of a process. */
export const tellsMemory = existsSync('/proc/self/status');

/**
 * Returns the anonymous resident memory of a process, in bytes. It leaves out mapped files, such as LMDB's, which the
 * system takes back when it needs room.
 */
export function residentBytes(pid: number): number {
  const kib = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1_024;
}

/** Polls the memory of a process while `work` runs, and returns the largest value in bytes. */
export async function mostResidentBytes(pid: number, work: () => Promise<unknown>): Promise<number> {
  let most = residentBytes(pid);
  const timer = setInterval(() => (most = Math.max(most, residentBytes(pid))), 20);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return Math.max(most, residentBytes(pid));
}
