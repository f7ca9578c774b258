import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { expectDone, expectKeys, expectNoKey, expectValue } from '../../contract/subjects/answers.js';
import { eventually } from '../../world/eventually.js';
import { keybin } from '../../world/processes/keybin-command.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { ScaleOutProcesses } from '../../world/services/scale-out-world.js';
import { ownServices } from '../../world/services/services.js';
import { storedDocuments } from '../../world/services/stored-documents.js';
import { serves } from '../support/answers.js';
import { restart, snapshot } from '../redis/redis-data.js';
import { lookedAgain } from '../support/looks.js';

describe('after Redis came back with older data than MongoDB', function () {
  this.timeout(60_000); // processes start and die, on a machine that may be busy
  const world = new ScaleOutProcesses({ services: ownServices, workers: 1 });
  afterEach(() => world.resumeWorkers());

  /**
   * Copies the files of Redis while two writes wait. Then has them applied, replaces one, deletes the other, has that
   * applied, too, and restarts Redis from the copy. Workers are paused again.
   */
  async function comeBackOlder() {
    const account = await world.here.newAccount();
    const { token } = account;
    await world.pauseWorkers();
    for (const key of ['changed', 'deleted']) expectDone(await world.here.put(token, key, 'old'));
    const older = snapshot(world.services.redis);
    await world.resumeWorkers();
    await world.drained();
    expectDone(await world.there.put(token, 'changed', 'new'));
    expectDone(await world.there.delete(token, 'deleted'));
    await world.drained();
    await world.pauseWorkers();
    await lookedAgain(world.services.redisUrl, world.apis.length); // else an API counts as lost what it saw waiting
    await restart(world.services.redis, older);
    for (const client of [world.here, world.there]) await serves(client, account);
    return token;
  }

  async function expectNewest(token: string): Promise<void> {
    for (const client of [world.here, world.there]) {
      expectValue(await client.get(token, 'changed'), 'new');
      expectNoKey(await client.get(token, 'deleted'), 'deleted');
      expectKeys(await client.keys(token), ['after', 'changed']);
    }
  }

  it('nothing that was applied is undone, before and after the old writes are applied again', async () => {
    const token = await comeBackOlder();
    const lines = world.apis.flatMap(({ child }) => child.logs.map(({ msg }) => String(msg)));
    expect(lines.filter((line) => line.includes('has lost accepted writes'))).to.deep.equal([]);
    expect(await world.pendingEntries(), 'old writes').to.be.at.least(2);
    await expectNewest(token);
    await world.resumeWorkers();
    await world.drained();
    await expectNewest(token);
    const stored = await storedDocuments(world.services, /\/(changed|deleted)$/);
    expect(stored.map(({ value }) => value)).to.have.members(['"new"', undefined]);
  });

  it('a delete, and an export, go by the newest values', async () => {
    const token = await comeBackOlder();
    const file = join(temporaryDirectory(), 'export.ndjson');
    expect(await keybin(['export', file], world.services.env)).to.include({ code: 0 });
    const exported = readFileSync(file, 'utf8');
    expect(exported).to.include('"new"').and.not.include('"old"');
    expectNoKey(await world.here.delete(token, 'deleted'), 'deleted');
    expectDone(await world.there.delete(token, 'changed'));
    await world.resumeWorkers();
    await world.drained();
    for (const key of ['changed', 'deleted']) expectNoKey(await world.here.get(token, key), key);
  });

  it('a new write wins over all of them', async () => {
    const token = await comeBackOlder();
    expectDone(await world.here.put(token, 'deleted', 'newest'));
    await world.resumeWorkers();
    await world.drained();
    for (const client of [world.here, world.there]) expectValue(await client.get(token, 'deleted'), 'newest');
    await eventually(async () => (await world.pendingEntries()) === 0, 'nothing pending');
  });
});
