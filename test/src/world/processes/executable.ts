import { execFileSync } from 'node:child_process';

/** Returns the path of a program on PATH. Throws if it is not there. */
export const executableOf = (name: string): string =>
  execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
