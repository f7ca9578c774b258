import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { eventually } from '../../world/eventually.js';
import { keybin } from '../../world/processes/keybin-command.js';
import { services } from '../../world/services/services.js';
import { unusedPort } from '../../world/processes/some-port.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import type { Env } from '../transfer/transfer-world.js';

const sources = fileURLToPath(new URL('../../../../cli/src/', import.meta.url));

/** Counts everything that a command could leave behind in its process. */
const traces = () => ({
  listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
  descriptors: readdirSync('/proc/self/fd').length,
  resources: process.getActiveResourcesInfo().length,
});

describe('keybin commands in one process', function () {
  this.timeout(60_000);

  it('use the global process only in main.ts', () => {
    const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    const users = files.filter((name) => /\bprocess\.(?!versions\b)\w/.test(readFileSync(join(sources, name), 'utf8')));
    expect(users).to.deep.equal(['main.ts']);
  });

  describe('on the embedded engine', () => {
    const env = { KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}` };
    leavesNothing(() => env);
  });

  describe('on the scale-out engine', () => {
    const world = services();
    leavesNothing(() => world.env);

    it('leave nothing open if Redis or MongoDB is down', async () => {
      const [redis, mongo] = [`redis://127.0.0.1:${unusedPort}`, `mongodb://127.0.0.1:${unusedPort}`];
      await expectNothingLeft(async () => {
        const commands = [
          keybin(['queue', 'status'], { ...world.env, KEYBIN_QUEUE_REDIS: redis }),
          keybin(['doctor'], { ...world.env, KEYBIN_QUEUE_REDIS: redis }),
          keybin(['user', 'list'], { ...world.env, KEYBIN_STORE_HOST: mongo }),
          keybin(['doctor'], { ...world.env, KEYBIN_STORE_HOST: mongo }),
          keybin(['migrate', '--from', mongo], world.env),
        ];
        for (const { code } of await Promise.all(commands)) expect(code).to.equal(1);
      });
    });
  });
});

function leavesNothing(env: () => Env): void {
  it('leave nothing open, whether they succeed or fail', async () => {
    const codes: number[] = [];
    await expectNothingLeft(async () => {
      const file = join(temporaryDirectory(), 'export.ndjson');
      codes.length = 0;
      for (const args of [
        ['prepare'],
        ['user', 'list'],
        ['export', file],
        ['export', file], // exists already
        ['export', '-'],
        ['import', file],
        ['import', '-'], // standard input is empty
        ['verify-erasure', 'nobody'],
        ['user', 'disable', 'nobody'],
        ['doctor'],
        ['queue', 'status'],
        ['user'],
        ['--help'],
      ])
        codes.push((await keybin(args, env())).code);
    });
    expect(codes.slice(0, 9)).to.deep.equal([0, 0, 0, 1, 0, 0, 1, 0, 1]);
  });
}

/** Asserts that repeated runs of `work` leave nothing behind. The first run loads modules and does not count. */
async function expectNothingLeft(work: () => Promise<void>): Promise<void> {
  await work();
  const before = traces();
  for (let times = 0; times < 3; times++) await work();
  await eventually(() => {
    const { listeners, descriptors, resources } = traces();
    expect(listeners, 'listeners').to.be.at.most(before.listeners);
    expect(descriptors, 'descriptors').to.be.at.most(before.descriptors);
    expect(resources, 'resources').to.be.at.most(before.resources);
    return true;
  }, 'all to be closed');
}
