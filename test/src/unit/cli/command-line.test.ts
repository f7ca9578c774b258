import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { commandSections, globalOptions } from '@keybin/cli/documents/command-sections.js';
import { Output } from '@keybin/cli/command/output.js';
import { commandLines, createProgram } from '@keybin/cli/program.js';
import { expectBlock } from '../../world/block-in-document.js';
import { unusedPort } from '../../world/processes/some-port.js';
import { keybin, Written, type CommandResult } from '../../world/processes/keybin-command.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

const program = createProgram({
  environment: {},
  stdin: Readable.from([]),
  stdout: new Output(new Written()),
  stderr: new Written(),
  cleanUpAtSignal: () => () => {},
  fail: () => {},
});
const lines = commandLines(program);
const wordsOf = (line: string) =>
  line
    .split(' ')
    .slice(1)
    .filter((word) => !/^[[<]/.test(word));

/** Asserts that the output is exactly one line, on standard error. */
function expectOneLine({ stdout, stderr }: CommandResult, line: RegExp): void {
  expect(stdout).to.equal('');
  expect(stderr)
    .to.match(/^keybin: [^\n]+\n$/)
    .and.match(line);
}

const scaleOut = (port: number) => ({
  KEYBIN_STORE_HOST: 'mongodb://127.0.0.1:1',
  KEYBIN_QUEUE_REDIS: `redis://:secret@127.0.0.1:${port}`,
});

describe('the keybin command', () => {
  it('has help for itself and for each of its commands', async () => {
    const all = await keybin(['--help']);
    expect(all).to.deep.include({ code: 0, stderr: '' });
    expect(all.stdout).to.include('queue');
    for (const { line, summary } of lines) {
      const { code, stdout } = await keybin([...wordsOf(line), '--help']);
      expect(code).to.equal(0);
      expect(stdout.replaceAll(/\s+/g, ' '))
        .to.include(`Usage: ${wordsOf(`x ${line}`).join(' ')}`)
        .and.include(summary);
      expect(stdout).to.include('--config').and.include('--json');
    }
  });

  it('has each of its commands in docs/cli.md (npm run settings writes it anew)', () => {
    const page = readFileSync(new URL('../../../../docs/cli.md', import.meta.url), 'utf8');
    expectBlock(page, 'options', globalOptions(program));
    expectBlock(page, 'commands', commandSections(program));
  });

  it('says in one line what is wrong with a command line, and exits with 2', async () => {
    for (const [args, line] of [
      [['queue', 'stats'], /unknown command 'stats'.*status/],
      [['queue', 'status', '--jsn'], /unknown option '--jsn'/],
      [['queue', 'retry'], /--all/],
      [['queue', 'retry', '--all', 'user/key'], /--all/],
      [['queue', 'retry', 'nobody'], /'nobody'.*USER\/KEY/],
      [['queue', 'rejected', '--limit', '-1'], /'-1'/],
    ] as const) {
      const result = await keybin(args);
      expectOneLine(result, line);
      expect(result.code).to.equal(2);
    }
  });

  it('exits with 2 and every problem of the settings, as the services do', async () => {
    const file = join(temporaryDirectory(), 'other.cfg');
    writeFileSync(file, '[APP]\nprot = 1\n');
    const { code, stdout, stderr } = await keybin(['queue', 'status', '--config', file], {
      KEYBIN_QUEUE_PARTITIONS: '0',
    });
    expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
    expect(stderr).to.match(/\[APP\] prot .*\n.*KEYBIN_QUEUE_PARTITIONS/);
  });

  it('says in one line that the embedded engine has no queue, and exits with 1', async () => {
    const result = await keybin(['queue', 'status']);
    expectOneLine(result, /lmdb:\/\/\.\/data has no queue/);
    expect(result.code).to.equal(1);
  });

  it('reports in one line, without the password, that Redis is down, and exits with 1', async () => {
    const result = await keybin(['queue', 'status'], scaleOut(unusedPort));
    expectOneLine(result, /Redis at redis:\/\/\*\*\*@127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED/);
    expect(result.code).to.equal(1);
  });

  it('does so if Redis accepts the connection and never responds', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo; // a TCP server has one
    const result = await keybin(['queue', 'rejected'], scaleOut(port));
    silent.close();
    expectOneLine(result, /cannot be reached: Redis does not respond/);
    expect(result.code).to.equal(1);
  });
});
