import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './temporary-directory.js';

/**
 * Returns an environment in which functions of a C source replace those of a process's libraries. `gcc` must be on
 * PATH, but no C headers need be installed.
 */
export function preloaded(source: string): Record<string, string> {
  const directory = temporaryDirectory();
  const [file, library] = [join(directory, 'preloaded.c'), join(directory, 'preloaded.so')];
  writeFileSync(file, source);
  execFileSync('gcc', ['-shared', '-fPIC', '-nostdlib', '-o', library, file], { stdio: 'inherit' });
  return { LD_PRELOAD: library };
}
