import { execFileSync } from 'node:child_process';

/** Where on PATH a program is. Throws when it is nowhere. */
export const executableOf = (name: string): string =>
  execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
