import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';

const packages = ['koa', '@koa/router', 'koa-bodyparser', 'bullmq', 'ioredis', 'mongodb', 'lmdb'];

/** Describes the machine and the software of a run, in one line each. */
export function machine(): string[] {
  const [first] = cpus();
  const memoryGiB = (totalmem() / 2 ** 30).toFixed(0);
  return [
    `Machine: ${cpus().length} cores (${first?.model ?? 'unknown'}), ${memoryGiB} GiB of memory, Linux ${release()}; load, API and servers share it`,
    `Versions: node ${process.version}, redis ${program('redis-server', /v=(\S+)/)}, mongod ${program('mongod', /(.+)/)}, wrk ${program('wrk', /wrk (\S+)/, '-v')}`,
    `Packages: ${packages.map((name) => `${name} ${packageVersion(name)}`).join(', ')}`,
  ];
}

function program(name: string, version: RegExp, flag = '--version'): string {
  let output: string;
  try {
    output = execFileSync(name, [flag], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (error) {
    // wrk prints its version and exits with 1
    output = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
  }
  return version.exec(output)?.[1] ?? 'unknown';
}

/** Reads the version from the package's own file, wherever npm put it. Not every package exports that file. */
function packageVersion(name: string): string {
  const { resolve } = createRequire(new URL('../../../shared/package.json', import.meta.url));
  for (let directory = dirname(resolve(name)); ; directory = dirname(directory)) {
    try {
      const found = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (found.name === name) return found.version ?? 'unknown';
    } catch {
      if (directory === dirname(directory)) return 'unknown';
    }
  }
}
