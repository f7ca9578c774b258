import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { startApi } from '../../world/processes/keybin-service.js';
import { programs } from '../../world/services/services.js';
import { blocksOf, readPage } from './pages.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const address = 'http://127.0.0.1:5000';
const run = promisify(execFile);

/** First line of a page's calls, which tells them from other commands. */
const firstLine = `URL=${address}\n`;
const separator = '-- end of a block --';

/** Text that differs between runs, by kind. The pages print a JWT shortened. */
const kinds = {
  token: 'v1\\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
  uuid: '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
  id: '\\b[0-9a-f]{24}\\b',
  jwt: 'eyJ[\\w.-]+',
  code: '(?<="identify_code":)\\d{6}',
  time: '\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z',
  latency: '(?<="latency_ms":)\\d+(?:\\.\\d+)?',
};
const varying = new RegExp(
  Object.entries(kinds)
    .map(([kind, pattern]) => `(?<${kind}>${pattern})`)
    .join('|'),
  'g',
);

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** Returns a pattern for a printed line in which each varying part is a group that matches anything of its kind. */
function patternOf(printed: string): RegExp {
  let pattern = '';
  let end = 0;
  for (const { 0: text, index, groups = {} } of printed.matchAll(varying)) {
    // `kinds` is a constant, so it has no other keys
    const kind = (Object.keys(kinds) as (keyof typeof kinds)[]).find((name) => groups[name] !== undefined);
    pattern += `${escaped(printed.slice(end, index))}(${kind === undefined ? '' : kinds[kind]})`;
    end = index + text.length;
  }
  return new RegExp(`^${pattern}${escaped(printed.slice(end))}$`);
}

/** Returns the blocks of commands of a page, each with the lines that the page says it prints. */
function examplesOf(page: string): { commands: string; printed: string[] }[] {
  const blocks = blocksOf(page);
  return blocks.flatMap(({ language, text }, index) =>
    language === 'sh' ? [{ commands: text, printed: blocks[index + 1]?.text.split('\n') ?? [] }] : [],
  );
}

/**
 * Asserts that the lines are printed in this order, and that each example value stands for the same text everywhere.
 */
function expectPrinted(output: string, printed: readonly string[], seen: Map<string, string>): void {
  let rest = output.replaceAll('\r', '').split('\n');
  for (const line of printed) {
    const pattern = patternOf(line);
    const at = rest.findIndex((each) => pattern.test(each));
    expect(at, `${line}\nis not in\n${output}`).to.be.at.least(0);
    const actual = pattern.exec(rest[at] ?? '')?.slice(1) ?? [];
    for (const [index, { 0: example, groups }] of [...line.matchAll(varying)].entries()) {
      const expected = seen.get(example) ?? actual[index] ?? '';
      if (groups?.['latency'] === undefined) expect(actual[index], example).to.equal(expected);
      seen.set(example, expected);
    }
    rest = rest.slice(at + 1);
  }
}

const tried = [
  'README.md',
  'docs/interfaces/common.md',
  'docs/interfaces/keybin.md',
  'docs/interfaces/api.md',
  'docs/interfaces/v1.md',
  'docs/interfaces/service.md',
];

describe('the calls in the documents', () => {
  for (const shell of ['bash', 'zsh'] as const) {
    describe(`in ${shell}`, () => {
      programs(shell, 'curl');

      for (const path of tried) {
        it(`print what ${path} says, one after the other on a new service`, async () => {
          const examples = examplesOf(readPage(path));
          expect(examples[0]?.commands).to.include(firstLine);
          const api = await startApi();
          const script = examples.map(({ commands }) => `${commands}\necho '${separator}'\n`).join('');
          const { stdout } = await run(shell, ['-e', '-c', script.replaceAll(address, api.url)], {
            cwd: root,
            env: { ...process.env, NO_PROXY: '127.0.0.1' },
          });
          const outputs = stdout.replaceAll(api.url, address).split(`${separator}\n`);
          const seen = new Map<string, string>();
          for (const [index, { printed }] of examples.entries()) expectPrinted(outputs[index] ?? '', printed, seen);
          await api.stop();
        });
      }
    });
  }

  it('have no comments, which zsh would take for commands when they are pasted', () => {
    for (const path of tried) {
      for (const { commands } of examplesOf(readPage(path))) expect(commands, path).to.not.match(/^#| #/m);
    }
  });
});
