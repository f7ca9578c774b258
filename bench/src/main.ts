import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { buildRevision, describeWorkingTree, revisionOf } from './compare/checkout.js';
import { compareVersions } from './compare/compare.js';
import { results, table } from './report/results.js';
import type { Line, Row, Rounds } from './row.js';
import { embeddedGet, embeddedPost } from './rows/embedded-load.js';
import { embeddedFiles, scaleOutFiles } from './rows/files.js';
import { embeddedLoginRate, scaleOutLoginRate } from './rows/login-rate.js';
import { embeddedLogins, scaleOutLogins } from './rows/logins.js';
import { millionKeys } from './rows/million-keys.js';
import { redisMemory } from './rows/redis-memory.js';
import { pendingGet, storedGet } from './rows/scale-out-get.js';
import { scaleOutPostAlways, scaleOutPostEverysec } from './rows/scale-out-post.js';
import { embeddedRepeatedLogins, scaleOutRepeatedLogins } from './rows/repeated-logins.js';
import { transfer } from './rows/transfer.js';
import { distinctKeys, fewKeys } from './rows/worker.js';
import { workingTree } from './compare/product.js';
import { Scene } from './scene.js';

const rows: readonly Row[] = [
  embeddedGet,
  embeddedPost,
  scaleOutPostAlways,
  scaleOutPostEverysec,
  pendingGet,
  storedGet,
  distinctKeys,
  fewKeys,
  embeddedLogins,
  scaleOutLogins,
  embeddedLoginRate,
  scaleOutLoginRate,
  embeddedRepeatedLogins,
  scaleOutRepeatedLogins,
  millionKeys,
  redisMemory,
  embeddedFiles,
  scaleOutFiles,
  transfer,
];
const thorough: Rounds = { count: 5, seconds: 3, shrink: 1 };
const quick: Rounds = { count: 2, seconds: 1, shrink: 10 };
/** Rounds of a comparison, which starts each row again for each measurement. */
const brief: Rounds = { count: 1, seconds: 2, shrink: 2 };
const fewestPairs = 8;
/** Number of pairs with which the interval leaves out the worst pair on either side. */
const usualPairs = '9';

/**
 * Measures the rows one after the other. If a row cannot be measured, its line has the reason and the other rows are
 * still measured.
 */
async function measureAll(chosen: readonly Row[], rounds: Rounds): Promise<{ lines: Line[]; failed: boolean }> {
  const lines: Line[] = [];
  let failed = false;
  for (const row of chosen) {
    const scene = new Scene(workingTree);
    let measured: Line[];
    try {
      measured = await row.measure(scene, rounds);
    } catch (error) {
      failed = true;
      console.error(error);
      const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
      measured = [{ row: row.id, product: `not measured: ${reason}`, yardstick: '', result: '', target: '' }];
    }
    await scene.close();
    console.log(table(measured).split('\n').slice(2).join('\n'));
    lines.push(...measured);
  }
  return { lines, failed };
}

/** Compares the working tree with a revision. Resolves with true if no row fell. */
async function compareWith(name: string, chosen: readonly Row[], pairs: number, compared: Rounds): Promise<boolean> {
  const revision = await revisionOf(name);
  console.error(`Building ${name} (${revision.short}). How long the ${pairs} pairs take is known after the first one.`);
  const old = { name: `${name} (${revision.short})`, product: await buildRevision(revision) };
  const tree = { name: `working tree (${await describeWorkingTree()})`, product: workingTree };
  return compareVersions(chosen, { old, new: tree }, pairs, compared);
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
    compare: { type: 'string' },
    pairs: { type: 'string', default: usualPairs },
  },
});
const chosen = values.only ? rows.filter(({ id }) => values.only?.includes(id)) : rows;
if (chosen.length === 0) {
  console.error(`--only takes one of: ${rows.map(({ id }) => id).join(', ')}`);
  process.exit(2);
}
if (values.compare !== undefined) {
  const pairs = Number(values.pairs);
  if (!Number.isSafeInteger(pairs) || pairs < fewestPairs) {
    console.error(`--pairs takes a whole number from ${fewestPairs}`);
    process.exit(2);
  }
  process.exit((await compareWith(values.compare, chosen, pairs, values.quick ? quick : brief)) ? 0 : 1);
}
const rounds = values.quick ? quick : thorough;
const { lines, failed } = await measureAll(chosen, rounds);
// Only a complete and thorough run replaces the results.
if (!values.only && !values.quick) {
  writeFileSync(new URL('../RESULTS.md', import.meta.url), results(lines, rounds, 'npm run bench'));
}
process.exit(failed ? 1 : 0);
