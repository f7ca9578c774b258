import { readFileSync } from 'node:fs';

/**
 * Length of a clock tick (USER_HZ) in µs. Linux reports CPU time in 1/100 s, whatever the kernel's internal tick is.
 */
const microsecondsPerTick = 10_000;

/**
 * Returns the CPU time of a process so far, in µs and for all its threads. Linux only: reads `/proc/<pid>/stat`, see
 * proc(5).
 */
export function processCpuUs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in brackets and may contain anything. The 14th is utime, the 15th stime.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * microsecondsPerTick;
}
