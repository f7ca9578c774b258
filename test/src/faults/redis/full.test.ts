import { expect } from 'chai';
import { queuedJobsShare } from '@keybin/shared/config/config.js';
import { expectDone, expectKeys, expectNoKey, expectValue } from '../../contract/subjects/answers.js';
import { eventually } from '../../world/eventually.js';
import type { KeybinClient } from '../../world/clients/keybin-client.js';
import type { WorkerProcess } from '../../world/processes/keybin-process.js';
import { ScaleOutProcesses } from '../../world/services/scale-out-world.js';
import { ownServices } from '../../world/services/services.js';
import { expectUnavailable } from '../support/answers.js';
import { bytesOf, stagedState } from '../support/staged-state.js';
import { withRedis } from '../support/with-redis.js';

const value = 'x'.repeat(1_000);
const maxPendingBytes = 16 * 1_024;
const maxEntryBytes = maxPendingBytes * (1 - queuedJobsShare);
const foreignKeys = Array.from({ length: 30 }, (_, index) => `foreign:${index}`);
const foreignBytes = 100_000;
/** More than the pending writes of the test, so applying them makes no room. */
const overBytes = 1_000_000;

describe('while there is no space for a write', function () {
  this.timeout(60_000); // processes start and die, on a machine that may be busy
  const world = new ScaleOutProcesses({
    services: ownServices,
    env: {
      KEYBIN_LIMITS_BODY_BYTES: '4KiB',
      KEYBIN_QUEUE_MAX_PENDING_BYTES: String(maxPendingBytes),
      KEYBIN_QUEUE_SWEEP_AFTER: '1',
    },
  });
  let worker: WorkerProcess;

  before(async () => {
    worker = await world.startWorker();
  });
  afterEach(() => worker.kill('SIGCONT'));

  const state = () => stagedState(world.services.redisUrl);

  /** Registers an account with one applied key, and stops the worker. */
  async function newAccount(): Promise<string> {
    const { token } = await world.here.newAccount();
    expectDone(await world.here.put(token, 'stored', 'before'));
    await world.drained();
    await worker.kill('SIGSTOP');
    return token;
  }

  async function expectWritesRefused(token: string): Promise<void> {
    const refuse = async () => {
      for (const client of [world.here, world.there]) {
        await expectUnavailable({
          'put a new key': () => client.put(token, 'refused', value),
          'put a larger value': () => client.put(token, 'pending', value.repeat(3)),
          'put what is stored': () => client.put(token, 'stored', value),
        });
      }
    };
    await refuse(); // each API reaches the limit, and may add an unnecessary job
    const before = await state();
    await refuse();
    const after = await state();
    expect(after).to.deep.equal(before);
    expect(after.bytes).to.equal(bytesOf(after));
    expect(Object.keys(after.pending)).to.have.members(after.waiting);
  }

  it('by the limit of the API on pending bytes, writes are refused as a whole until a worker has applied some', async () => {
    const token = await newAccount();
    expectDone(await world.here.put(token, 'pending', value));
    const filling: string[] = [];
    for (let key = 'fill_0'; ; key = `fill_${filling.length}`) {
      const { status } = await world.there.put(token, key, value);
      if (status !== 200) break;
      filling.push(key);
    }
    expect((await state()).bytes).to.be.within(maxEntryBytes - 2 * value.length, maxEntryBytes);
    await expectWritesRefused(token);
    for (const client of [world.here, world.there]) await expectExact(client, token, filling);
    expectDone(await world.here.delete(token, 'fill_0')); // this makes room

    await worker.kill('SIGCONT');
    await world.drained(30_000);
    for (const client of [world.here, world.there]) await expectExact(client, token, filling.slice(1));
    for (const client of [world.here, world.there]) expectDone(await client.put(token, 'after', value));
  });

  it('in a Redis that others have filled, writes are refused as a whole, and workers drain it without fetching jobs', async () => {
    const token = await newAccount();
    expectDone(await world.here.put(token, 'pending', value));
    expectDone(await world.there.put(token, 'also', value));
    await fillRedis(world.services.redisUrl);
    await expectWritesRefused(token);
    for (const client of [world.here, world.there]) await expectExact(client, token, ['also']);

    const { jobs } = await state();
    await worker.kill('SIGCONT');
    await eventually(async () => (await state()).waiting.length === 0, 'nothing pending', 20_000);
    expect(await state()).to.deep.equal({ pending: {}, waiting: [], bytes: 0, jobs });
    await expectWritesRefused(token);

    await withRedis(world.services.redisUrl, (redis) => redis.unlink(foreignKeys));
    for (const client of [world.here, world.there]) {
      await eventually(async () => (await client.put(token, 'after', 1)).status === 200, 'writes');
    }
    await world.drained(30_000);
    for (const client of [world.here, world.there]) await expectExact(client, token, ['also', 'after']);
  });
});

async function expectExact(client: KeybinClient, token: string, keys: readonly string[]): Promise<void> {
  expectValue(await client.get(token, 'stored'), 'before');
  expectValue(await client.get(token, 'pending'), value);
  expectNoKey(await client.get(token, 'refused'), 'refused');
  expectKeys(await client.keys(token), ['stored', 'pending', ...keys]);
}

/** Fills Redis with other data until it exceeds its `maxmemory`. */
const fillRedis = (redisUrl: string): Promise<void> =>
  withRedis(redisUrl, async (redis) => {
    for (const key of foreignKeys) await redis.set(key, 'x'.repeat(foreignBytes));
    const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
    await redis.config('SET', 'maxmemory', used - overBytes);
  });
