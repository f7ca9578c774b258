import { availableParallelism } from 'node:os';
import bcrypt from 'bcrypt';

/**
 * Compares passwords with a hash of cost `argv[2]` for `argv[3]` seconds, one at a time per core. Prints the
 * comparisons per second.
 */
const [cost, seconds] = process.argv.slice(2).map(Number);
const hash = await bcrypt.hash('password', cost ?? 0);
const begin = performance.now();
const end = begin + (seconds ?? 0) * 1_000;
let compared = 0;

async function lane(): Promise<void> {
  while (performance.now() < end) {
    await bcrypt.compare('password', hash);
    compared++;
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, lane));
process.stdout.write(`${compared / ((performance.now() - begin) / 1_000)}\n`);
