import { expect } from 'chai';
import { alternately } from '../../contract/subjects/subject.js';
import { expectDone, expectKeys, expectNoKey, expectValue } from '../../contract/subjects/answers.js';
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
