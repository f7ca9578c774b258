import { execFileSync } from 'node:child_process';

/**
 * The environment in which redis-server reads a time that is `offset` wrong, such as `-1h`. Not by `faketime` itself, which would
 * be the process that signals reach; and with libc's own `malloc`, since that of jemalloc reads the time before libfaketime is
 * ready for it.
 */
export function wrongClock(offset: string): Record<string, string> {
  const library = execFileSync('faketime', ['-m', '-f', offset, 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' }).trim();
  return { LD_PRELOAD: `${library}:libc.so.6`, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}
