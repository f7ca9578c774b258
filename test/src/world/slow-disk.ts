import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './temporary-directory.js';

/** The environment in which redis-server's disk takes so long for each sync; `gcc` must be on PATH, its headers need not. */
export function slowDisk(syncMs: number): Record<string, string> {
  const directory = temporaryDirectory();
  const [source, library] = [join(directory, 'slow.c'), join(directory, 'slow.so')];
  writeFileSync(
    source,
    `int usleep(unsigned); int fsync(int); int fdatasync(int fd) { usleep(${syncMs}000); return fsync(fd); }\n`,
  );
  execFileSync('gcc', ['-shared', '-fPIC', '-nostdlib', '-o', library, source], { stdio: 'inherit' });
  return { LD_PRELOAD: library };
}
