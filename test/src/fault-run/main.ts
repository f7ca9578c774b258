/** `npm run faults`: see docs/reliability.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { InvalidArgumentError, Option, program } from 'commander';
import { wholeNumber } from '../world/option-values.js';
import { report } from './report.js';
import { giveUpInTime } from './clients/requests.js';
import { withResults } from './results.js';
import { runFaults, type RunOptions } from './run.js';
import type { RedisKind } from './world.js';

/** Words for the servers in the results. */
const overRedis: Readonly<Record<RedisKind, string>> = {
  single: '',
  cluster: ' over a Redis Cluster',
  sentinel: ' over a Redis behind sentinels',
  failover: ' over a Redis that fails over',
};

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}

program
  .name('faults')
  .description('Hits real processes with faults while clients use them, and checks that no promise was broken')
  .addOption(new Option('--engine <engine>', 'which engine').choices(['embedded', 'scale-out']).default('scale-out'))
  .addOption(
    new Option('--redis <redis>', 'one Redis, a cluster, three behind sentinels, or two that swap roles')
      .choices(Object.keys(overRedis))
      .default('single'),
  )
  .addOption(
    new Option('--processes <processes>', 'of the embedded engine: one API of one process, or two APIs of two each')
      .choices(['1', '2'])
      .default('2'),
  )
  .option(
    '--network',
    'gives each process of the scale-out engine a host of its own, and cuts their network, too',
    false,
  )
  .option('--minutes <minutes>', 'how long faults are injected, longer where little happens', positive, 2)
  .option('--seed <seed>', 'repeats the choices of an earlier run', wholeNumber, Math.floor(Math.random() * 2 ** 32))
  .option('--report <file>', 'writes the table between the marks of this engine in the file, if no promise was broken')
  .parse();

const {
  report: file,
  processes,
  ...given
} = program.opts<Omit<RunOptions, 'processes'> & { report?: string; processes: '1' | '2' }>();
const options = { ...given, processes: processes === '1' ? 1 : 2 } as const;
if (options.redis !== 'single' && options.engine === 'embedded')
  program.error('error: the embedded engine has no Redis');
if (options.processes === 1 && options.engine === 'scale-out')
  program.error('error: one process alone is a matter of the embedded engine');
if (options.network && (options.engine === 'embedded' || options.redis !== 'single'))
  program.error('error: --network is for the scale-out engine over a single Redis');
const what = `${options.engine}${overRedis[options.redis]}${options.processes === 1 ? ' in one process' : ''}${options.network ? ' over a network that is cut' : ''}`;
process.stdout.write(`Faults: engine ${what}, ${options.minutes} minutes, seed ${options.seed}\n`);
giveUpInTime();
const { table, details, isGood } = report(await runFaults(options));
process.stdout.write(`${[table, ...details].join('\n')}\n${isGood ? 'No promise was broken' : 'FAILED'}\n`);
if (file !== undefined && isGood) {
  writeFileSync(file, withResults(readFileSync(file, 'utf8'), what, table));
  process.stdout.write(`Written to ${file}\n`);
}
process.exit(isGood ? 0 : 1);
