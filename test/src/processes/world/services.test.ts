import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Child } from '../../world/processes/child.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

const path = (specifier: string) => fileURLToPath(import.meta.resolve(specifier));

/**
 * Runs three suites where no program can be found. Two need servers, and one of these takes servers given by URL. The
 * third mounts a disk.
 */
async function runWithoutPrograms(requireServices: string): Promise<{ code: number | null; output: string }> {
  const setup = path('../../world/mocha-setup.js');
  const suites = [
    './world.test.js',
    '../../unit/scale-out/entries/pending-reads.test.js',
    '../../faults/disk/embedded-disk-full.test.js',
  ].map(path);
  const args = [path('mocha/bin/mocha.js'), '--no-config', '--require', setup, ...suites];
  const run = new Child('mocha', process.execPath, args, {
    cwd: temporaryDirectory(),
    env: {
      PATH: '',
      KEYBIN_TEST_REDIS_URL: '',
      KEYBIN_TEST_MONGODB_URL: '',
      KEYBIN_TEST_REQUIRE_SERVICES: requireServices,
    },
  });
  const { code } = await run.exited;
  return { code, output: run.output };
}

describe('a suite that needs a program which is not installed', () => {
  it('is skipped, and one line says which suite and why', async () => {
    const { code, output } = await runWithoutPrograms('');
    const lines = output.split('\n').filter((line) => line.startsWith('!!! SKIPPED: '));
    expect(lines).to.have.lengthOf(3);
    expect(lines[0]).to.match(/^!!! SKIPPED: .+: redis-server and mongod not on PATH \(.+\)$/);
    expect(lines[1]).to.include('KEYBIN_TEST_REDIS_URL and KEYBIN_TEST_MONGODB_URL');
    expect(lines[2]).to.include('no right to mount a small disk');
    expect(output).to.match(/^ +0 passing/m);
    expect(code).to.equal(0);
  });

  it('fails with KEYBIN_TEST_REQUIRE_SERVICES=1', async () => {
    const { code, output } = await runWithoutPrograms('1');
    expect(output)
      .to.include('cannot run: redis-server and mongod not on PATH')
      .and.match(/^ +3 failing/m);
    expect(code).to.equal(3);
  });
});
