import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './temporary-directory.js';

/** The environment in which a process has the functions of `source`, in C, before those of its libraries. `gcc` must be on PATH, its headers need not. */
export function preloaded(source: string): Record<string, string> {
  const directory = temporaryDirectory();
  const [file, library] = [join(directory, 'preloaded.c'), join(directory, 'preloaded.so')];
  writeFileSync(file, source);
  execFileSync('gcc', ['-shared', '-fPIC', '-nostdlib', '-o', library, file], { stdio: 'inherit' });
  return { LD_PRELOAD: library };
}
