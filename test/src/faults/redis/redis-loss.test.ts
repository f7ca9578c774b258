import { expect } from 'chai';
import { expectDone, expectKeys, expectNoKey, expectValue } from '../../contract/subjects/answers.js';
import { eventually } from '../../world/eventually.js';
import type { Child } from '../../world/processes/child.js';
import type { WorkerProcess } from '../../world/processes/keybin-process.js';
import { ScaleOutProcesses } from '../../world/services/scale-out-world.js';
import { ownServices } from '../../world/services/services.js';
import { storedDocuments } from '../../world/services/stored-documents.js';
import { serves } from '../support/answers.js';
import { lookedAgain } from '../support/looks.js';
import { itself, nothing, restart, snapshot, type Become } from './redis-data.js';

const errorLevel = 50;
const unapplied = 7;

const errorsOf = ({ logs }: Child) => logs.filter(({ level }) => Number(level) >= errorLevel);
const lossesOf = (child: Child) => errorsOf(child).filter(({ msg }) => String(msg).includes('lost accepted writes'));

describe('after Redis came back without its data', function () {
  this.timeout(60_000); // processes start and die, on a machine that may be busy
  const world = new ScaleOutProcesses({ services: ownServices });
  let worker: WorkerProcess;

  before(async () => {
    worker = await world.startWorker();
  });
  afterEach(() => worker.kill('SIGCONT'));

  const versionOf = async (key: string) => {
    const [document] = await storedDocuments(world.services, new RegExp(`/${key}$`));
    return Number(document?.['version']);
  };

  /** Stops the worker and leaves `unapplied` writes pending, as seen by every API. */
  async function leaveUnapplied(token: string): Promise<void> {
    await worker.kill('SIGSTOP');
    for (let count = 1; count <= unapplied; count++) expectDone(await world.here.put(token, `lost_${count}`, count));
    await seenByAll();
  }

  /** Resolves once each API knows the state of Redis. The worker is stopped. */
  const seenByAll = () => lookedAgain(world.services.redisUrl, world.apis.length);

  /** Restarts Redis from a copy, and expects each API to log that the unapplied writes are lost. */
  async function expectLossWith(older: Become): Promise<void> {
    const told = world.apis.map(({ child }) => lossesOf(child).length);
    await restart(world.services.redis, older);
    for (const [index, { child }] of world.apis.entries()) {
      const loss = await eventually(() => lossesOf(child)[told[index] ?? 0], 'an error in the log');
      expect(loss).to.include({ lost: unapplied });
    }
  }

  it('empty, tokens are valid, versions rise, new writes win, and the loss is an error with its count', async () => {
    const account = await world.here.newAccount();
    const { token } = account;
    for (const key of ['replaced', 'kept']) expectDone(await world.here.put(token, key, 'before'));
    await world.drained();
    const before = await versionOf('replaced');
    await leaveUnapplied(token);

    await restart(world.services.redis, nothing);
    for (const client of [world.here, world.there]) {
      await eventually(async () => (await client.get(token, 'kept')).status === 200, 'reads by the token that it had');
      await serves(client, account);
      expectValue(await client.get(token, 'kept'), 'before');
      expectNoKey(await client.get(token, 'lost_1'), 'lost_1');
    }
    for (const { child } of world.apis) {
      const [loss] = await eventually(() => lossesOf(child).length > 0 && lossesOf(child), 'an error in the log');
      expect(loss).to.include({ lost: unapplied, partition: 0 });
    }
    await worker.kill('SIGCONT');
    expectDone(await world.there.put(token, 'replaced', 'after'));
    await world.drained(30_000);
    expect(await versionOf('replaced')).to.be.greaterThan(before);
    expectValue(await world.here.get(token, 'replaced'), 'after');
    expectKeys(await world.there.keys(token), ['after', 'kept', 'replaced']);
    for (const { child } of world.apis) expect(lossesOf(child)).to.have.length(1);
  });

  it('as it was before the last writes, the loss is an error with its count', async () => {
    const { token } = await world.here.newAccount();
    const older = snapshot(world.services.redis);
    await leaveUnapplied(token);
    await expectLossWith(older);
  });

  it('with entries that were applied since, these do not hide what is lost', async () => {
    const { token } = await world.here.newAccount();
    await worker.kill('SIGSTOP');
    for (const key of ['applied_1', 'applied_2']) expectDone(await world.here.put(token, key, 1));
    const older = snapshot(world.services.redis);
    await worker.kill('SIGCONT');
    await world.drained();
    await leaveUnapplied(token);
    await expectLossWith(older);
  });

  it('is no error if it has lost nothing', async () => {
    const account = await world.here.newAccount();
    await leaveUnapplied(account.token);
    const told = world.apis.map(({ child }) => errorsOf(child).length);
    await restart(world.services.redis, itself);
    for (const client of [world.here, world.there]) await serves(client, account);
    await seenByAll();
    expect(world.apis.map(({ child }) => errorsOf(child).length)).to.deep.equal(told);
    for (let count = 1; count <= unapplied; count++) {
      expectValue(await world.there.get(account.token, `lost_${count}`), count);
    }
  });
});
