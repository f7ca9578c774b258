import { execFileSync } from 'node:child_process';

/**
 * Returns an environment in which redis-server's clock is wrong by `offset`, such as `-1h`. It does not start the
 * `faketime` program, which would receive the signals. It uses libc's `malloc`, because jemalloc's reads the time
 * before libfaketime is ready.
 */
export function wrongClock(offset: string): Record<string, string> {
  const library = execFileSync('faketime', ['-m', '-f', offset, 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' }).trim();
  return { LD_PRELOAD: `${library}:libc.so.6`, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}
