import { stampOf } from '@keybin/shared/engines/scale-out/mongodb/documents.js';
import { isBefore, type Stamp } from '@keybin/shared/engines/scale-out/redis/pending-entry.js';
import { expect } from 'chai';
import { expectDone, expectNoKey, expectValue } from '../../contract/subjects/answers.js';
import type { WorkerProcess } from '../../world/processes/keybin-process.js';
import type { RedisServer } from '../../world/services/redis-server.js';
import { ScaleOutProcesses } from '../../world/services/scale-out-world.js';
import { ownServices, programs } from '../../world/services/services.js';
import { storedDocuments } from '../../world/services/stored-documents.js';
import { wrongClock } from '../../world/disks/wrong-clock.js';
import { serves } from '../support/answers.js';
import { withQueue } from '../support/jobs.js';
import { itself, nothing, restart, snapshot, type Become } from './redis-data.js';

const hourBehind = () => wrongClock('-1h');

const comebacks: Readonly<Record<string, (redis: RedisServer) => Become>> = {
  empty: () => nothing,
  older: snapshot,
};

describe('after Redis came back with its clock an hour behind', function () {
  this.timeout(60_000); // processes start and die, on a machine that may be busy
  programs('faketime');
  const world = new ScaleOutProcesses({ services: ownServices, env: { KEYBIN_QUEUE_SWEEP_AFTER: '1' } });
  let worker: WorkerProcess;

  beforeEach(async () => {
    worker = await world.startWorker();
  });
  afterEach(async () => {
    await worker?.stop();
    await restart(world.services.redis, itself);
  });

  const stampIn = async (key: string): Promise<Stamp> => {
    const [document] = await storedDocuments(world.services, new RegExp(`/${key}$`));
    return stampOf({ epoch: Number(document?.['epoch']), version: Number(document?.['version']) });
  };

  for (const [what, prepare] of Object.entries(comebacks)) {
    it(`and ${what}, the last accepted write still wins`, async () => {
      const [put, gone, kept] = [`${what}.put`, `${what}.gone`, `${what}.kept`];
      const { redis } = world.services;
      const account = await world.here.newAccount();
      const { token } = account;
      expectDone(await world.here.put(token, put, 'first'));
      await world.drained();
      const become = prepare(redis);
      for (const key of [put, gone, kept]) expectDone(await world.here.put(token, key, 'before'));
      await world.drained();
      const before = await stampIn(put);

      await restart(redis, become, hourBehind());
      for (const client of [world.here, world.there]) await serves(client, account);
      await worker.kill('SIGSTOP'); // so that reads find pending entries
      expectDone(await world.here.put(token, put, 'after'));
      expectDone(await world.there.put(token, gone, 'after'));
      expectDone(await world.here.delete(token, gone));
      const look = async () => {
        for (const client of [world.here, world.there]) {
          expectValue(await client.get(token, put), 'after');
          expectNoKey(await client.get(token, gone), gone);
          expectValue(await client.get(token, kept), 'before');
        }
      };
      await look();
      await worker.kill('SIGCONT');
      await world.drained(30_000);
      await look();
      for (const key of [put, gone]) expect(isBefore(before, await stampIn(key)), key).to.equal(true);
    });
  }

  it('entries whose jobs are lost are swept without waiting for the hour', async () => {
    const account = await world.here.newAccount();
    const { token } = account;
    await worker.kill('SIGSTOP');
    expectDone(await world.here.put(token, 'earlier', 1));
    await worker.kill('SIGKILL'); // it leaves the lease of its sweeper behind
    await restart(world.services.redis, itself, hourBehind());
    for (const client of [world.here, world.there]) await serves(client, account);
    expectDone(await world.there.put(token, 'later', 1));
    await withQueue(world.services.redisUrl, (queue) => queue.obliterate({ force: true }));

    worker = await world.startWorker();
    await world.drained(20_000);
    expect(isBefore(await stampIn('earlier'), await stampIn('later'))).to.equal(true);
  });
});
