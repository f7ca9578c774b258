import { expect } from 'chai';
import type { PartitionStatus } from '@keybin/shared/ports/partition-status.js';
import { alternately } from '../../contract/subjects/subject.js';
import { expectDone, expectKeys, expectNoKey, expectValue } from '../../contract/subjects/answers.js';
import { keybinJson } from '../../world/processes/keybin-command.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { ownServices, services } from '../../world/services/services.js';
import { times } from '../../world/times.js';
import { storedDocuments } from '../../world/services/stored-documents.js';
import { expectUnavailable } from '../support/answers.js';

const maxBacklog = 20;
const tooMany = 50;

describe('while all workers are stopped', function () {
  this.timeout(60_000); // processes start and die, on a machine that may be busy
  const world = new ScaleOutWorld({
    services: ownServices,
    times,
    env: { KEYBIN_QUEUE_MAX_BACKLOG: String(maxBacklog) },
  });

  it('writes are accepted up to the limit, reads are exact, and a worker that starts applies everything', async () => {
    const { token } = await world.here.newAccount();
    const worker = await world.startWorker();
    expectDone(await world.here.put(token, 'stored', 'before'));
    await world.drained();
    await worker.stop();

    const keys = Array.from({ length: tooMany }, (_, index) => `key_${index}`);
    const answers = await Promise.all(keys.map((key, index) => alternately(world, index).put(token, key, index)));
    const accepted = keys.filter((_key, index) => answers[index]?.status === 200);
    expect(accepted).to.have.length(maxBacklog);
    for (const { status, headers } of answers.filter((answer) => answer.status !== 200)) {
      expect(status).to.equal(503);
      expect(headers).to.have.property('retry-after');
    }

    const look = async () => {
      for (const client of [world.here, world.there]) {
        expectValue(await client.get(token, 'stored'), 'before');
        expectKeys(await client.keys(token), ['stored', ...accepted]);
        for (const [index, key] of keys.entries()) {
          const answer = await client.get(token, key);
          if (accepted.includes(key)) expectValue(answer, index);
          else expectNoKey(answer, key);
        }
      }
    };
    await look();
    for (const client of [world.here, world.there]) {
      await expectUnavailable({
        put: () => client.put(token, 'one_more', 1),
        'put what is stored': () => client.put(token, 'stored', 'after'),
        'delete what is stored': () => client.delete(token, 'stored'),
      });
    }
    await look();

    await world.startWorker();
    await world.drained(30_000);
    await look();
    expect(await storedDocuments(world.services, /\/key_/)).to.have.length(maxBacklog);
    for (const client of [world.here, world.there]) expectDone(await client.put(token, 'stored', 'after'));
    expectValue(await world.here.get(token, 'stored'), 'after');
  });
});

describe('while one key is written all the time and no worker runs', function () {
  this.timeout(60_000);
  const writes = 500;
  const bytes = 2 * 2 ** 20;
  const world = new ScaleOutWorld({
    services: ownServices,
    env: { KEYBIN_QUEUE_MAX_BACKLOG: String(maxBacklog), KEYBIN_QUEUE_MAX_PENDING_BYTES: String(bytes) },
  });

  it('no write is refused, because the jobs that wait do not count', async () => {
    const { token } = await world.here.newAccount();
    for (let n = 0; n < writes; n++) expectDone(await alternately(world, n).put(token, 'hot', n));
    const status = await keybinJson<{ partitions: PartitionStatus[] }>(['queue', 'status'], world.services.env);
    expect(status.partitions[0]?.pendingEntries).to.equal(1);
    expect(status.partitions[0]?.jobs.waiting).to.be.within(maxBacklog, bytes / 16 / 700); // a job takes 700 bytes at least
    await world.startWorker();
    await world.drained(30_000);
    expectValue(await world.here.get(token, 'hot'), writes - 1);
    expect(await storedDocuments(world.services, /\/hot$/)).to.have.length(1);
  });
});

describe('while all workers of several partitions are stopped', () => {
  const partitions = 3;
  const world = new ScaleOutWorld({
    services,
    env: { KEYBIN_QUEUE_PARTITIONS: String(partitions), KEYBIN_QUEUE_MAX_BACKLOG: String(partitions * maxBacklog) },
  });

  it('each of them takes its share of the limit', async () => {
    const { token } = await world.here.newAccount();
    const keys = Array.from({ length: tooMany }, (_, index) => `key_${index}`);
    const answers = await Promise.all(keys.map((key) => world.here.put(token, key, 1)));
    expect(answers.filter(({ status }) => status === 200)).to.have.length(maxBacklog);
  });
});
