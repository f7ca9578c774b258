import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import type { RejectedWrite } from '@keybin/shared/ports/operations.js';
import type { PartitionStatus } from '@keybin/shared/ports/partition-status.js';
import { expectDone, expectKeys, expectValue } from '../../contract/subjects/answers.js';
import { eventually } from '../../world/eventually.js';
import { keybin, keybinJson } from '../../world/processes/keybin-command.js';
import type { WorkerProcess } from '../../world/processes/keybin-process.js';
import { ScaleOutProcesses } from '../../world/services/scale-out-world.js';
import { services } from '../../world/services/services.js';
import { storedDocuments } from '../../world/services/stored-documents.js';
import { withQueue } from '../support/jobs.js';

type NamedWrite = RejectedWrite & { readonly username: string };

const partitions = 2;
const poison = 'POISON';

describe('a write that MongoDB rejects', function () {
  this.timeout(60_000);
  const own = { KEYBIN_QUEUE_PARTITIONS: String(partitions), KEYBIN_QUEUE_SWEEP_AFTER: '1' };
  const world = new ScaleOutProcesses({ services, env: own });
  let worker: WorkerProcess;

  before(async () => {
    worker = await world.startWorker();
    const { token } = await world.here.newAccount();
    expectDone(await world.here.put(token, 'first', 1)); // creates the collection that will reject writes
    await world.drained();
  });
  beforeEach(() => reject({ value: { $not: new RegExp(poison) } }));
  afterEach(() => worker.kill('SIGCONT'));

  async function reject(validator: Record<string, unknown>): Promise<void> {
    const client = await MongoClient.connect(world.services.mongoUrl);
    await client.db(world.services.database).command({ collMod: 'store', validator });
    await client.close();
  }

  const settings = () => ({ ...world.services.env, ...own });
  const command = (...args: string[]) => keybin(['queue', ...args], settings());
  const listed = () => keybinJson<{ count: number; writes: NamedWrite[] }>(['queue', 'rejected'], settings());

  /** Asserts that nothing is rejected. The jobs of a write that is taken back go a little later than the write. */
  const nothingRejected = () =>
    eventually(async () => {
      const { partitions: all } = await keybinJson<{ partitions: PartitionStatus[] }>(['queue', 'status'], settings());
      return all.every(({ rejected: count, jobs }) => count === 0 && jobs.failed === 0);
    }, 'no rejected write');

  /** Resolves with the names of the rejected writes once there are `count`. */
  const rejected = (count: number) =>
    eventually(async () => {
      const { writes } = await listed();
      return writes.length === count && writes.map(({ username, key }) => `${username}/${key}`);
    }, `${count} rejected writes`);

  const storedValue = async (key: string) => {
    const [document] = await storedDocuments(world.services, new RegExp(`/${key}$`));
    return document?.['value'] as unknown;
  };

  it('blocks no other write, stays readable and listed with its reason, and is applied by a retry once it can be', async () => {
    const { here, there } = world;
    const accounts = await Promise.all(Array.from({ length: 8 }, () => here.newAccount())); // in both partitions
    for (const { token } of accounts) {
      const values = ['one', poison, 'two'].map((value, index) => here.put(token, `all_${index}`, value));
      for (const answer of await Promise.all(values)) expectDone(answer);
    }
    const names = await rejected(accounts.length);
    await world.drained();
    expect(await storedDocuments(world.services, /\/all_0$/)).to.have.lengthOf(accounts.length);
    expect(await storedDocuments(world.services, /\/all_2$/)).to.have.lengthOf(accounts.length);
    expect(await storedValue('all_1')).to.equal(undefined);
    for (const { token } of accounts) {
      expectValue(await there.get(token, 'all_1'), poison);
      expectKeys(await there.keys(token), ['all_0', 'all_1', 'all_2']);
    }
    const { stdout } = await command('rejected');
    for (const name of names) expect(stdout).to.match(new RegExp(`^${name}  \\d{4}-[^ ]+Z  .*validation`, 'm'));
    expect(stdout).not.to.include(poison);
    const short = await keybinJson<{ count: number; writes: unknown[] }>(
      ['queue', 'rejected', '--limit', '3'],
      settings(),
    );
    expect([short.count, short.writes.length]).to.deep.equal([accounts.length, 3]);

    expect((await command('retry', ...names)).code).to.equal(0); // without success
    expect(await rejected(accounts.length)).to.have.members(names);

    await reject({});
    expect((await command('retry', ...names.slice(0, 1))).code).to.equal(0);
    expect(await rejected(accounts.length - 1)).to.have.members(names.slice(1));
    expect(await keybinJson(['queue', 'retry', '--all'], settings())).to.deep.equal({ retried: accounts.length - 1 });
    await nothingRejected();
    await world.drained();
    expect(await storedDocuments(world.services, /\/all_1$/)).to.have.lengthOf(accounts.length);
    for (const { token } of accounts) expectValue(await there.get(token, 'all_1'), poison);
  });

  it('never replaces a newer write of its key that was applied before the retry', async () => {
    const { token } = await world.here.newAccount();
    expectDone(await world.here.put(token, 'applied', poison));
    const names = await rejected(1);
    expectDone(await world.there.put(token, 'applied', 'newer'));
    await world.drained();
    await rejected(0);
    await reject({});
    const again = await command('retry', ...names);
    expect(again.code).to.equal(1);
    expect(again.stderr).to.match(/^keybin: not rejected: [^\n]+\n$/);
    expect((await command('retry', '--all')).code).to.equal(0);
    await nothingRejected();
    expect(await storedValue('applied')).to.equal('"newer"');
    expectValue(await world.here.get(token, 'applied'), 'newer');
  });

  it('never replaces a newer write of its key that is pending at the retry', async () => {
    const { token } = await world.here.newAccount();
    expectDone(await world.here.put(token, 'pending', poison));
    const names = await rejected(1);
    await worker.kill('SIGSTOP');
    expectDone(await world.there.put(token, 'pending', 'newer'));
    await reject({});
    expect((await command('retry', ...names)).code).to.equal(0);
    expectValue(await world.here.get(token, 'pending'), 'newer');
    await worker.kill('SIGCONT');
    await nothingRejected();
    await world.drained();
    expect(await storedValue('pending')).to.equal('"newer"');
    expectValue(await world.here.get(token, 'pending'), 'newer');
  });

  it('is listed and can be retried after its job was deleted, while the queue is paused', async () => {
    const { token } = await world.here.newAccount();
    expectDone(await world.here.put(token, 'jobless', poison));
    const names = await rejected(1);
    for (let partition = 0; partition < partitions; partition++) {
      await withQueue(world.services.redisUrl, (queue) => queue.obliterate({ force: true }), partition);
    }
    expect(await rejected(1)).to.deep.equal(names);
    await reject({});
    await command('pause');
    expect((await command('retry', ...names)).code).to.equal(0);
    await eventually(async () => (await storedValue('jobless')) === `"${poison}"`, 'the write in MongoDB');
    await command('resume');
    await nothingRejected();
    await world.drained();
  });

  it('is deleted with its account', async () => {
    const { username, password, token } = await world.here.newAccount();
    expectDone(await world.here.put(token, 'gone', poison));
    await rejected(1);
    expectDone(await world.there.unregister(username, password));
    await rejected(0);
    await reject({});
    expect(await keybinJson(['queue', 'retry', '--all'], settings())).to.deep.equal({ retried: 0 });
    await nothingRejected();
    await world.drained();
    expect(await storedValue('gone')).to.equal(undefined);
  });
});
