import { existsSync, readFileSync } from 'node:fs';

/** Whether this machine tells how much memory a process has. */
export const tellsMemory = existsSync('/proc/self/status');

/**
 * The memory that a process has for itself, in bytes: what is resident of it without files, such as the part of LMDB's that is mapped,
 * which the system takes back when it needs room.
 */
export function residentBytes(pid: number): number {
  const kib = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1_024;
}

/** The most that the process had at any of the moments at which it was looked at until `work` ended. */
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
