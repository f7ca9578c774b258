import { join } from 'node:path';
import { expect } from 'chai';
import { expectDone, expectKeys, expectValue } from '../../contract/subjects/answers.js';
import { alternately } from '../../contract/subjects/subject.js';
import { eventually } from '../../world/eventually.js';
import { KeybinClient, type Account, type Answer } from '../../world/clients/keybin-client.js';
import { spawnApi, type ApiProcess } from '../../world/processes/keybin-process.js';
import { SmallDisk } from '../../world/disks/small-disk.js';
import { expectDegraded, expectReady } from '../support/readiness.js';

const diskBytes = 16 * 2 ** 20;
const leftBytes = 2 ** 20;
const value = 'x'.repeat(100_000);

/** Numbers of APIs and processes. With two APIs, each must show the effects of a full disk on the other. */
const setups = [
  { what: 'of two APIs of two processes each', apiCount: 2, processes: 2 },
  { what: 'of one API of one process', apiCount: 1, processes: 1 },
];

for (const { what, apiCount, processes } of setups) {
  describe(`while the disk of the embedded engine is full, ${what}`, function () {
    this.timeout(60_000); // processes start and end, on a machine that may be busy
    const disk = new SmallDisk(diskBytes);
    const apis: ApiProcess[] = [];
    afterEach(async () => {
      await Promise.all(apis.splice(0).map((api) => api.stop()));
    });

    const start = async () => {
      const env = { KEYBIN_STORE_HOST: `lmdb://${join(disk.path, 'data')}`, KEYBIN_APP_PROCESSES: String(processes) };
      for (let count = 0; count < apiCount; count++) apis.push(await spawnApi({ env }));
    };

    it('writes get 507, reads continue, nothing is corrupt, and writes resume once there is space, without a restart', async () => {
      await start();
      const client = (index: number) => new KeybinClient(apis[index % apiCount]?.url ?? '');
      const [here, there] = [client(0), client(1)];
      const account = await here.newAccount();
      const { username, password, token } = account;
      expectDone(await here.put(token, 'before', value));
      expectDone(await here.put(token, 'replaced', 'old'));
      disk.fill(leftBytes);

      const stored = ['before', 'replaced', ...(await fill([here, there], token))];
      for (const api of [here, there]) {
        for (let round = 0; round < 4; round++) {
          expectFull(await api.put(token, 'one_more', value));
          expectFull(await api.put(token, 'replaced', value));
        }
        await expectStored(api, account, stored);
        expect((await api.send('GET', '/livez')).status).to.equal(200);
      }
      if (processes === 1)
        expectDegraded(await here.send('GET', '/readyz'), 'up', 'storage was full at the last write');
      expectAnswered(await here.register('somebody', password));
      expectAnswered(await there.unregister('nobody', password));

      disk.makeRoom();
      for (const api of [here, there]) {
        await eventually(async () => (await api.put(token, 'replaced', 'new')).status === 200, 'writes');
        expectDone(await api.put(token, 'afterwards', value));
        expectValue(await api.get(token, 'replaced'), 'new');
        expect((await api.token(username, password, 'another client')).status).to.equal(200);
      }
      if (processes === 1) await expectReady(here);
      stored.push('afterwards');
      for (const api of [here, there]) expectKeys(await api.keys(token), stored);

      for (const { child } of apis)
        expect(child.logs.filter(({ msg }) => String(msg).includes('ended'))).to.deep.equal([]);
      await Promise.all(apis.splice(0).map((api) => api.stop()));
      await start();
      const again = client(0);
      for (const key of stored.filter((name) => name !== 'replaced')) expectValue(await again.get(token, key), value);
      expectValue(await client(1).get(token, 'replaced'), 'new');
    });
  });
}

/** Writes through both APIs until the disk is full, concurrently and then one by one. Returns the acknowledged keys. */
async function fill(clients: readonly [KeybinClient, KeybinClient], token: string): Promise<string[]> {
  const answered: string[] = [];
  const [here, there] = clients;
  for (const atOnce of [4, 1]) {
    for (let isFull = false; !isFull;) {
      const keys = Array.from({ length: atOnce }, (_, index) => `fill_${answered.length}_${index}_${atOnce}`);
      const answers = await Promise.all(
        keys.map((key, index) => alternately({ here, there }, index).put(token, key, value)),
      );
      for (const [index, answer] of answers.entries()) {
        if (answer.status === 200) answered.push(keys[index] ?? '');
        else expectFull(answer);
      }
      isFull = answers.some(({ status }) => status === 507);
    }
  }
  return answered;
}

function expectFull({ status, text }: Answer): void {
  expect(`${status} ${text}`).to.equal('507 Storage is full');
}

/** Asserts that a small request got an expected answer. It may be 200, because a small write may still find room. */
function expectAnswered({ status, text }: Answer): void {
  expect(status, text).to.be.oneOf([200, 403, 507]);
}

async function expectStored(api: KeybinClient, { token }: Account, keys: readonly string[]): Promise<void> {
  expectKeys(await api.keys(token), [...keys]);
  for (const key of keys) expectValue(await api.get(token, key), key === 'replaced' ? 'old' : value);
}
