import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { startApi } from './world/keybin-service.js';

import { programs } from './world/services.js';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const address = 'http://127.0.0.1:5000';

/** What differs from one run to the next: tokens (a JWT is cut short in print), ids, times, and how long something took. */
const different = new RegExp(
  [
    '(?<token>v1\\.[0-9a-f-]{36})',
    '(?<uuid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})',
    '(?<id>\\b[0-9a-f]{24}\\b)',
    '(?<jwt>eyJ[\\w.-]+)',
    '(?<code>(?<="identify_code":)\\d{6})',
    '(?<time>\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z)',
    '(?<number>\\d+\\.\\d+(?=\\}))',
  ].join('|'),
  'g',
);
const kinds: Readonly<Record<string, string>> = {
  token: '(v1\\.[0-9a-f-]{36})',
  uuid: '([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})',
  id: '([0-9a-f]{24})',
  jwt: '(eyJ[\\w.-]+)',
  code: '(\\d{6})',
  time: '(\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z)',
  number: '(\\d+(?:\\.\\d+)?)',
};

/** What a reader puts into the next call: an id or a code. */
const isGiven = (example: string) => /^(?:[0-9a-f]{24}|\d{6})$/.test(example);

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

interface Call {
  readonly command: string;
  /** The lines that are printed below it. */
  readonly printed: string[];
}

/** The calls in the order of the README, from all blocks that begin with one, and variables of the shell where they are set. */
function calls(): (Call | { readonly variable: string; readonly example: string })[] {
  const blocks = Array.from(readme.matchAll(/^```sh\n([^]*?)^```$/gm), ([, block = '']) => block);
  const found: ReturnType<typeof calls> = [];
  for (const line of blocks
    .filter((block) => block.startsWith('curl '))
    .join('')
    .replaceAll('\\\n', '')
    .split('\n')) {
    const last = found.at(-1);
    const [, variable, example] = /^([A-Z]+)=(\S+)$/.exec(line) ?? [];
    if (variable !== undefined && example !== undefined) found.push({ variable, example });
    else if (line.startsWith('# ') && last && 'printed' in last) last.printed.push(line.slice(2));
    else if (line !== '') found.push({ command: line, printed: [] });
  }
  return found;
}

/** Matches a printed line with whatever may stand in it instead, each as a group. */
function patternOf(printed: string): RegExp {
  let pattern = '';
  let end = 0;
  for (const { 0: text, index, groups = {} } of printed.matchAll(different)) {
    const kind = Object.keys(groups).find((name) => groups[name] !== undefined) ?? '';
    pattern += escaped(printed.slice(end, index)) + kinds[kind];
    end = index + text.length;
  }
  return new RegExp(`^${pattern}${escaped(printed.slice(end))}$`, 'm');
}

describe('the calls of the README', () => {
  programs('curl');

  it('answer what is printed below them, one after the other on a new service', async () => {
    const api = await startApi();
    const run = promisify(execFile);
    const environment: Record<string, string> = {};
    const seen = new Map<string, string>();
    for (const call of calls()) {
      if ('variable' in call) {
        environment[call.variable] = seen.get(call.example) ?? `no call above has printed ${call.example}`;
        continue;
      }
      let command = call.command.replaceAll(address, api.url).replace(/^curl /, "curl -sS --noproxy '*' ");
      for (const [example, actual] of seen) if (isGiven(example)) command = command.replaceAll(example, actual);
      const { stdout } = await run('sh', ['-c', command], { env: { ...process.env, ...environment } });
      const output = stdout.replaceAll(api.url, address).replaceAll('\r', '');
      expect(call.printed, command).to.not.deep.equal([]);
      for (const line of call.printed) {
        const match = patternOf(line).exec(output);
        expect(output, `${command}, which should print ${line}`).to.match(patternOf(line));
        for (const [at, example] of Array.from(line.matchAll(different), ([text]) => text).entries())
          seen.set(example, match?.[at + 1] ?? '');
      }
    }
    expect(seen).to.have.property('size').above(1);
    await api.stop();
  });
});
