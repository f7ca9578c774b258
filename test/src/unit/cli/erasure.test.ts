import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { expectDone } from '../../contract/subjects/answers.js';
import { askForCode, login, post } from '../../contract/v1/calls.js';
import { eventually } from '../../world/eventually.js';
import { expectOk } from '../../world/clients/keybin-client.js';
import { keybin } from '../../world/processes/keybin-command.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { services } from '../../world/services/services.js';
import { putMany, queuedWrites, verify } from './verify-erasure.js';

describe('keybin verify-erasure, scale-out engine', function () {
  this.timeout(120_000);
  const world = new ScaleOutWorld({ services, env: { KEYBIN_QUEUE_PARTITIONS: '2' } });
  const env = () => ({ ...world.services.env, KEYBIN_QUEUE_PARTITIONS: '2' });

  it('finds what 1,000 queued writes leave, and 0 after a worker has applied them', async () => {
    const { here, there } = world;
    const { username, password, token } = await here.newAccount();
    // The contract's shape
    const v1 = (expectOk(await login(here, username, password)).json as { token: string }).token;
    expectOk(await post(here, v1, 'a post'));
    const upload = new FormData();
    upload.append('action', 'upload');
    upload.append('filename', new Blob(['bytes']), 'file.txt');
    const uploaded = await fetch(`${here.baseUrl}/v1/users/upload?token=${v1}`, { method: 'POST', body: upload });
    await uploaded.text();
    expectOk(await askForCode(here, username));
    await putMany(here, token, queuedWrites);
    expect((await verify(username, env())).registered).to.equal(true);

    expectDone(await there.unregister(username, password));
    const during = await verify(username, env());
    expect(during).to.include({ registered: false, erased: 1 });
    expect(during.left).to.include({ accounts: 0, pending: 0, rejected: 0, identifyCodes: 0 });
    expect(during.left['jobs']).to.be.above(0);
    expect(during.total).to.be.above(0);

    const worker = await world.startWorker();
    const after = await eventually(
      async () => {
        const report = await verify(username, env());
        return report.total === 0 && report;
      },
      'nothing left',
      60_000,
    );
    expect(after).to.include({ registered: false, erased: 1 });
    expect((await keybin(['verify-erasure', username], env())).stdout).to.match(/^0\n/);

    const again = await here.newAccount(username);
    expectDone(await here.put(again.token, 'new', 'value'));
    expect(await verify(username, env())).to.include({ total: 0, registered: true, erased: 1 });
    await worker.stop();
  });

  it('finds a rejected write and its failed job until they are erased', async () => {
    const { here } = world;
    const client = await MongoClient.connect(world.services.mongoUrl);
    try {
      const rejecting = { value: { $not: /poison/ } };
      await client.db(world.services.database).command({ collMod: 'store', validator: rejecting });
      const { username, password, token } = await here.newAccount();
      const worker = await world.startWorker();
      expectDone(await here.put(token, 'rejected', 'poison'));
      await eventually(
        async () => (await keybin(['queue', 'rejected', '--json'], env())).stdout.includes('"count":1'),
        'the rejected write',
        30_000,
      );
      await worker.stop();
      expectDone(await here.unregister(username, password));
      expect((await verify(username, env())).left).to.include({ jobs: 1, rejected: 0 });
      const next = await world.startWorker();
      await eventually(async () => (await verify(username, env())).total === 0, 'nothing left', 60_000);
      await next.stop();
    } finally {
      await client.close();
    }
  });
});
