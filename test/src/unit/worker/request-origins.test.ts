import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { RequestOrigins, requestsOf } from '@keybin/worker/apply/request-origins.js';
import { eventually } from '../../world/eventually.js';
import { entryPath } from '../../world/clients/keybin-client.js';
import type { RunningWorker } from '../../world/processes/running.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { services } from '../../world/services/services.js';

describe('the origins of entries', () => {
  it('name the request that wrote an entry last, and are bounded', () => {
    const origins = new RequestOrigins();
    origins.note({ entries: [['u', ['a', 'b']]], requests: ['one', 'two'] });
    origins.note({ entries: [['u', ['b', 'c']]], requests: ['three', ''] });
    expect(['a', 'b', 'c'].map((key) => origins.requestOf({ userId: 'u', key }))).to.deep.equal([
      'one',
      'three',
      undefined,
    ]);
    const keys = Array.from({ length: 30_000 }, (_, index) => `k${index}`);
    origins.note({ entries: [['v', keys]], requests: keys });
    expect(origins.requestOf({ userId: 'u', key: 'a' })).to.equal(undefined);
    expect(origins.requestOf({ userId: 'v', key: 'k0' })).to.equal(undefined);
    expect(origins.requestOf({ userId: 'v', key: 'k29999' })).to.equal('k29999');
  });

  it('are named once each in a line, up to a limit', () => {
    const many = Array.from({ length: 100 }, (_, index) => `r${index % 50}`);
    const { requests, requestCount } = requestsOf({ entries: [], requests: [...many, ''] });
    expect(requests).to.have.lengthOf(20);
    expect(requestCount).to.equal(50);
    expect(requestsOf({ entries: [] })).to.deep.equal({ requests: [], requestCount: 0 });
  });
});

describe("a worker's log", function () {
  this.timeout(60_000);
  const world = new ScaleOutWorld({ services, env: { KEYBIN_APP_DEBUG: 'true' } });
  let worker: RunningWorker;

  before(async () => {
    worker = await world.startWorker();
  });

  const put = (token: string, key: string, value: unknown, id: string) =>
    world.here.send('POST', entryPath(token, key), { json: { value }, headers: { 'x-request-id': id } });

  it('names the request that a job comes from, and no value', async () => {
    const { token } = await world.here.newAccount();
    await put(token, 'a', 'a secret value', 'of-a-put');
    await world.here.send('DELETE', entryPath(token, 'a'), { headers: { 'x-request-id': 'of-a-delete' } });
    for (const id of ['of-a-put', 'of-a-delete']) {
      await eventually(
        () =>
          worker.logs.some(
            ({ msg, requests }) => msg === 'Applied' && Array.isArray(requests) && requests.includes(id),
          ),
        `a line that names ${id}`,
      );
    }
    expect(worker.output).not.to.include('a secret value').and.not.to.include(token);
  });

  it('names the request whose write MongoDB rejects', async () => {
    const { token } = await world.here.newAccount();
    await put(token, 'a', 'good', 'of-the-good');
    await world.drained();
    const client = await MongoClient.connect(world.services.mongoUrl);
    await client.db(world.services.database).command({ collMod: 'store', validator: { value: { $not: /POISON/ } } });
    await client.close();
    await put(token, 'b', 'POISON', 'of-the-rejected');
    const line = await eventually(
      () => worker.logs.find(({ msg }) => String(msg).startsWith('MongoDB rejected a write')),
      'the rejection',
    );
    expect(line).to.include({ request: 'of-the-rejected', key: 'b' });
  });
});
