/** `npm run faults`: see RELIABILITY.md. */
import { InvalidArgumentError, Option, program } from 'commander';
import { report } from './report.js';
import { giveUpInTime } from './requests.js';
import { runFaults, type RunOptions } from './run.js';

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32)
    throw new InvalidArgumentError('It must be 0 to 4294967295.');
  return value;
}

program
  .name('faults')
  .description('Hits real processes with faults while clients use them, and checks that no promise was broken')
  .addOption(new Option('--engine <engine>', 'which engine').choices(['embedded', 'scale-out']).default('scale-out'))
  .option('--minutes <minutes>', 'how long faults are injected', positive, 2)
  .option('--seed <seed>', 'repeats the choices of an earlier run', wholeNumber, Math.floor(Math.random() * 2 ** 32))
  .parse();

const options = program.opts<RunOptions>();
process.stdout.write(`Faults: engine ${options.engine}, ${options.minutes} minutes, seed ${options.seed}\n`);
giveUpInTime();
const { text, isGood } = report(await runFaults(options));
process.stdout.write(`${text}\n${isGood ? 'No promise was broken' : 'FAILED'}\n`);
process.exit(isGood ? 0 : 1);
