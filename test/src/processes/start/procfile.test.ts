import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parseProcfile } from '@keybin/procfile/procfile.js';
import { Child } from '../../world/processes/child.js';
import { eventually } from '../../world/eventually.js';
import { runs } from '../../world/processes/runs.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

const main = fileURLToPath(import.meta.resolve('@keybin/procfile/main.js'));

/** Programs for a Procfile. Each prints its process id, and `end` when it is told to shut down. */
const programs = {
  /** Takes a moment to shut down. */
  drains: `process.on('SIGTERM', end).on('SIGINT', end);
    function end() { console.log('end'); setTimeout(() => process.exit(0), 200); }`,
  chatters: `process.on('SIGTERM', () => process.exit(0));
    setInterval(() => console.log('.'), 20);`,
  stubborn: `process.on('SIGTERM', () => console.log('end')).on('SIGINT', () => console.log('end'));`,
  once: `process.nextTick(() => process.exit(0));`,
  fails: `process.on('SIGTERM', () => process.exit(3));`,
};

const started = new Set<number>();

/** Shell code that waits until `go` is called. */
const wait = 'until test -e go; do sleep 0.05; done';

/** Starts the runner and waits until `pids` processes have printed their ids. */
async function startAll(procfile: string, pids: number): Promise<{ runner: Child; pids: number[]; go: () => void }> {
  const directory = temporaryDirectory();
  for (const [name, code] of Object.entries(programs)) {
    writeFileSync(
      join(directory, `${name}.js`),
      `${code}\nconsole.log('pid', process.pid);setInterval(() => {}, 1000);`,
    );
  }
  writeFileSync(join(directory, 'Procfile'), procfile);
  const runner = new Child('procfile', process.execPath, [main], {
    cwd: directory,
    env: { KEYBIN_LIMITS_DRAIN_TIMEOUT: '1' },
  });
  const printed = () => [...runner.output.matchAll(/\| pid (\d+)$/gm)].map(([, pid]) => Number(pid));
  await eventually(() => printed().length >= pids, 'all to run'); // the runner may have ended by then
  for (const pid of printed()) started.add(pid);
  return { runner, pids: printed(), go: () => writeFileSync(join(directory, 'go'), '') };
}

describe('Running a Procfile', () => {
  afterEach(() => {
    const orphans = [...started].filter(runs);
    started.clear();
    for (const orphan of orphans) process.kill(orphan, 'SIGKILL');
    expect(orphans, 'orphans').to.deep.equal([]);
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    it(`shuts all of them down on ${signal}, once, waits for them and exits 0`, async () => {
      const { runner } = await startAll('a: node drains.js\nb: node drains.js\n', 2);
      await runner.kill(signal);
      expect(await runner.exited).to.deep.equal({ code: 0, signal: null });
      expect(runner.output.match(/^a \| end$/gm)).to.have.lengthOf(1);
      expect(runner.output.match(/^b \| end$/gm)).to.have.lengthOf(1);
    });

    it(`shuts down what a shell started for them on ${signal}`, async () => {
      const { runner } = await startAll('a: node drains.js & node drains.js; echo\nb: (node drains.js) && true\n', 3);
      await runner.kill(signal);
      await runner.exited;
    });
  }

  it('shuts all of them down when nobody reads their output any longer', async () => {
    const { runner, pids } = await startAll('a: node drains.js\nb: node chatters.js\n', 2);
    runner.stopReading();
    expect(await runner.exited).to.deep.equal({ code: 0, signal: null });
    expect(pids.filter(runs)).to.deep.equal([]);
  });

  it('kills processes that do not exit within the deadline, and exits non-zero', async () => {
    const { runner } = await startAll('a: node stubborn.js\nb: node drains.js\n', 2);
    await runner.kill('SIGTERM');
    expect((await runner.exited).code).to.equal(1);
    expect(runner.output).to.include('a | end');
  });

  it('shuts the others down when one is killed, and exits non-zero', async () => {
    const { runner, pids } = await startAll('a: exec node drains.js\nb: node drains.js\n', 2);
    process.kill(pids[0] ?? 0, 'SIGKILL');
    expect((await runner.exited).code).to.equal(1);
    expect(runner.output.match(/ end$/gm)).to.have.lengthOf(1);
  });

  it('shuts the others down when one exits by itself, even with 0, and exits non-zero', async () => {
    const { runner, go } = await startAll(`a: node drains.js\nb: ${wait}; true\n`, 1);
    go();
    expect((await runner.exited).code).to.equal(1);
    expect(runner.output).to.include('a | end');
  });

  it('shuts down what a dead process left behind', async () => {
    const { runner, go } = await startAll(`a: node drains.js & ${wait}; exit 1\nb: node drains.js\n`, 2);
    go();
    expect((await runner.exited).code).to.equal(1);
    expect(runner.output.match(/ end$/gm)).to.have.lengthOf(2);
  });

  it('exits non-zero if one of them does not exit with 0', async () => {
    const { runner } = await startAll('a: node fails.js\nb: node drains.js\n', 2);
    await runner.kill('SIGTERM');
    expect((await runner.exited).code).to.equal(1);
  });

  it('starts the others when `release` has exited with 0', async () => {
    const { runner } = await startAll('a: node drains.js\nrelease: node once.js\n', 2);
    expect(runner.output).to.match(/^release \| pid \d+\n(.*\n)*release ended with code 0\n(.*\n)*a \s*\| pid/m);
    await runner.kill('SIGTERM');
    expect((await runner.exited).code).to.equal(0);
  });

  it('starts none of the others when `release` fails, and exits non-zero', async () => {
    const { runner } = await startAll('release: node once.js; exit 2\na: node drains.js\n', 1);
    expect((await runner.exited).code).to.equal(1);
    expect(runner.output.match(/pid/g)).to.have.lengthOf(1);
  });

  it('shuts `release` down on SIGTERM, starts none of the others and exits non-zero', async () => {
    const { runner } = await startAll('a: node drains.js\nrelease: node drains.js\n', 1);
    await runner.kill('SIGTERM');
    expect((await runner.exited).code).to.equal(1);
    expect(runner.output.match(/pid/g)).to.have.lengthOf(1);
  });

  it('starts nothing with a wrong configuration', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'Procfile'), 'a: echo started\n');
    const runner = new Child('procfile', process.execPath, [main], { cwd: directory, env: { KEYBIN_APP_PORT: 'x' } });
    expect((await runner.exited).code).to.equal(2);
    await eventually(() => runner.output.includes('KEYBIN_APP_PORT'), 'the problem');
    expect(runner.output).to.not.include('started');
  });
});

describe('A Procfile', () => {
  it('has a name and a command on each line that is not blank or a comment', () => {
    expect(parseProcfile('# all\nweb: node a.js --port: 1\r\n\nworker:node b.js\n')).to.deep.equal([
      { name: 'web', command: 'node a.js --port: 1' },
      { name: 'worker', command: 'node b.js' },
    ]);
  });

  it('is refused with the line that is wrong', () => {
    expect(() => parseProcfile('web: a\nworker')).to.throw('line 2');
    expect(() => parseProcfile('web: a\nweb: b')).to.throw('line 2');
    expect(() => parseProcfile('# nothing')).to.throw('no line');
  });
});
