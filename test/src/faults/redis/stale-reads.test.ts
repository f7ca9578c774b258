import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import {
  expectDone,
  expectInvalidToken,
  expectKeys,
  expectNoKey,
  expectValue,
} from '../../contract/subjects/answers.js';
import { eventually } from '../../world/eventually.js';
import { KeybinClient, type Answer } from '../../world/clients/keybin-client.js';
import type { ApiProcess, WorkerProcess } from '../../world/processes/keybin-process.js';
import { ScaleOutProcesses } from '../../world/services/scale-out-world.js';
import { ownServices } from '../../world/services/services.js';
import { answersInTime, bringBack, expectUnavailable, ways } from '../support/answers.js';

const warning = '110 - "Response is Stale"';

const expectExact = ({ headers }: Answer) => expect(headers).not.to.have.property('warning');
const expectStale = ({ headers }: Answer) => expect(headers['warning']).to.equal(warning);

describe('reads while stale reads are allowed', function () {
  this.timeout(60_000); // processes start and die, on a machine that may be busy
  const world = new ScaleOutProcesses({ services: ownServices });
  let worker: WorkerProcess;
  let api: ApiProcess;
  let client: KeybinClient;

  before(async () => {
    worker = await world.startWorker();
    api = await world.startApi({ KEYBIN_QUEUE_STALE_READS: 'on' });
    client = new KeybinClient(api.url);
  });
  afterEach(() => worker.kill('SIGCONT'));
  after(async () => api?.stop());

  /** Prepares one applied key with a newer pending value, and one key that is only pending. No worker applies them. */
  async function someStoredSomePending() {
    const { username, password, token } = await client.newAccount();
    const ended = await client.logIn(username, password, 'ended');
    expectDone(await client.put(token, 'key', 'stored'));
    await world.drained();
    await worker.kill('SIGSTOP');
    expectDone(await client.put(token, 'key', 'newer'));
    expectDone(await client.put(token, 'pending', 1));
    await client.logIn(username, password, 'ended');
    return { token, ended };
  }

  for (const { way, begin, end } of ways) {
    it(`come from MongoDB with a warning only while Redis is down: it ${way}`, async () => {
      const { redis } = world.services;
      const { token, ended } = await someStoredSomePending();
      const answers = () =>
        answersInTime({
          key: () => client.get(token, 'key'),
          pending: () => client.get(token, 'pending'),
          keys: () => client.keys(token),
          ended: () => client.get(ended, 'key'),
          nobody: () => client.keys(randomUUID()),
        });
      const exact = async () => {
        const answered = await answers();
        expectValue(answered.key, 'newer');
        expectValue(answered.pending, 1);
        expectKeys(answered.keys, ['key', 'pending']);
        for (const refused of [answered.ended, answered.nobody]) expectInvalidToken(refused);
        for (const answer of Object.values(answered)) expectExact(answer);
      };
      await exact();

      await redis.kill(begin);
      const answered = await answers();
      expectValue(answered.key, 'stored');
      expectNoKey(answered.pending, 'pending');
      expectKeys(answered.keys, ['key']);
      for (const answer of [answered.key, answered.pending, answered.keys]) expectStale(answer);
      for (const refused of [answered.ended, answered.nobody]) {
        expectInvalidToken(refused); // MongoDB is the truth for tokens
        expectExact(refused);
      }
      await expectUnavailable({
        put: () => client.put(token, 'unknown', 1),
        delete: () => client.delete(token, 'key'),
        'get elsewhere': () => world.here.get(token, 'key'),
        'keys elsewhere': () => world.here.keys(token),
      });

      await bringBack(redis, end);
      await eventually(async () => (await client.get(token, 'pending')).status === 200, 'exact reads');
      await exact();
      await worker.kill('SIGCONT');
      await world.drained(30_000);
      await exact();
    });
  }

  it('are refused, not stale, while MongoDB is down and Redis is up', async () => {
    const { mongod } = world.services;
    const { token } = await client.newAccount();
    expectDone(await client.put(token, 'key', 'stored'));
    await world.drained();
    await mongod.kill('SIGSTOP');
    await expectUnavailable({ get: () => client.get(token, 'key'), keys: () => client.keys(token) });
    await mongod.kill('SIGCONT');
    await eventually(async () => (await client.get(token, 'key')).status === 200, 'reads');
  });

  it('are refused while both are down', async () => {
    const { mongod, redis } = world.services;
    const { token } = await client.newAccount();
    await redis.kill('SIGSTOP');
    await mongod.kill('SIGSTOP');
    await expectUnavailable({ get: () => client.get(token, 'key'), keys: () => client.keys(token) });
    await mongod.kill('SIGCONT');
    await redis.kill('SIGCONT');
    await eventually(async () => (await client.keys(token)).status === 200, 'reads');
  });
});
