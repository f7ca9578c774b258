/**
 * Loaded into a process before its own code. On SIGUSR2 it collects the garbage and prints the remaining memory, in
 * bytes. `own` is the memory that the process takes of the machine, without the pages of a mapped store (Linux only).
 */
import { existsSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const status = '/proc/self/status';

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

function ownBytes(): number | undefined {
  const kib = existsSync(status) && /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(status, 'utf8'))?.[1];
  return kib ? Number(kib) * 1_024 : undefined;
}

process.on('SIGUSR2', () => {
  for (let round = 0; round < 3; round++) if (typeof collect === 'function') collect();
  const { heapUsed, external } = process.memoryUsage();
  process.stderr.write(`memory ${JSON.stringify({ live: heapUsed + external, own: ownBytes() })}\n`);
});
