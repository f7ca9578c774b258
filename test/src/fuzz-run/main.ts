/** `npm run fuzz`: see docs/reliability.md. */
import { Option, program } from 'commander';
import { wholeNumber } from '../world/option-values.js';
import { runFuzz, type FuzzOptions, type FuzzResult } from './run.js';

program
  .name('fuzz')
  .description(
    'Sends requests that are changed at random over all routes, and checks that each is answered and none does harm',
  )
  .addOption(new Option('--engine <engine>', 'which engine').choices(['embedded', 'scale-out']).default('embedded'))
  .option('--requests <requests>', 'how many', wholeNumber, 2_000)
  .option('--seed <seed>', 'repeats the requests of an earlier run', wholeNumber, Math.floor(Math.random() * 2 ** 32))
  .parse();

const mib = (bytes = Number.NaN) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

function report({ engine, requests, seed, seconds, statuses, compared, memory, problems }: FuzzResult): string {
  const answers = [...statuses].toSorted(([one], [other]) => one - other);
  const rows: readonly (readonly [string, string | number])[] = [
    ['engine', engine],
    ['requests', requests],
    ['seed', seed],
    ['seconds', Math.round(seconds)],
    ...answers.map(
      ([status, count]) => [status === 0 ? 'left without an answer' : `answered ${status}`, count] as const,
    ),
    ['rejected, with an equal store before and after', compared],
    ...Object.entries(memory).flatMap(([name, noted]) => [
      [`live memory of the ${name}`, noted.map(({ live }) => mib(live)).join(', ')] as const,
      [`memory of the ${name} in all`, noted.map(({ own }) => mib(own)).join(', ')] as const,
    ]),
    ['problems', problems.length],
  ];
  return [...rows.map(([name, value]) => `| ${name} | ${value} |`), ...problems].join('\n');
}

const options = program.opts<FuzzOptions>();
process.stdout.write(`Fuzz: engine ${options.engine}, ${options.requests} requests, seed ${options.seed}\n`);
const result = await runFuzz(options);
process.stdout.write(`${report(result)}\n${result.problems.length === 0 ? 'Nothing was found' : 'FAILED'}\n`);
process.exit(result.problems.length === 0 ? 0 : 1);
