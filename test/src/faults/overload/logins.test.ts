import { expect } from 'chai';
import { longestAnswerMs } from '../../world/answer-time.js';
import { KeybinClient, type Answer } from '../../world/clients/keybin-client.js';
import { startApi } from '../../world/processes/keybin-service.js';
import { times } from '../../world/times.js';
import type { RunningApi } from '../../world/processes/running.js';

import { answersInTime } from '../support/answers.js';

/**
 * Hashing the whole queue takes six seconds or more on current machines. One hash takes far less than a request may,
 * even on slow ones.
 */
const slowHashes = { KEYBIN_ACCOUNTS_BCRYPT_COST: '12', KEYBIN_ACCOUNTS_HASHES_AT_ONCE: '1' };
const atOnce = 60;

describe('while more clients log in and register than can be hashed in time', function () {
  this.timeout(60_000); // processes start and die, on a machine that may be busy
  let api: RunningApi;

  before(async () => {
    api = await startApi({ env: slowHashes, times });
  });
  after(() => api.stop());

  it('each gets a response in time, with 503 if necessary, others are served, and the next login succeeds at once', async () => {
    const client = new KeybinClient(api.url);
    const { username, password, token } = await client.newAccount();
    expect((await client.put(token, 'key', 1)).status).to.equal(200);

    const calls = Array.from({ length: atOnce }, (_, index): [string, () => Promise<Answer>] =>
      index % 2 === 0
        ? [`login ${index}`, () => client.token(username, `wrong ${index}`)]
        : [`registration ${index}`, () => client.register(`name ${index}`, password)],
    );
    const answering = answersInTime(Object.fromEntries(calls));
    for (let read = 0; read < 10; read++) {
      const fromMs = performance.now();
      expect((await client.get(token, 'key')).status).to.equal(200);
      expect((await client.put(token, 'key', read)).status).to.equal(200);
      expect(performance.now() - fromMs).to.be.below(longestAnswerMs);
    }
    const answers = await answering;
    const refused = Object.values(answers).filter(({ status }) => status === 503);
    const hashed = Object.values(answers).filter(({ status }) => status === 200 || status === 403);
    expect(hashed).to.have.length(atOnce - refused.length);
    expect(refused).to.have.length.within(1, atOnce - 1);
    for (const { headers } of refused) expect(headers).to.have.property('retry-after');

    // No hash is computed for refused requests
    expect((await client.token(username, password)).status).to.equal(200);
    const unregistered = Object.keys(answers).find((call) => call.startsWith('reg') && answers[call]?.status === 503);
    expect((await client.register(unregistered?.replace('registration', 'name'), password)).status).to.equal(200);
  });

  it('others log in while twenty connections log in to one account', async () => {
    const client = new KeybinClient(api.url);
    const others = Array.from({ length: 12 }, (_, index) => `other ${index}`);
    for (const name of others) expect((await client.register(name, 'password')).status).to.equal(200);
    for (const given of ['right', 'wrong']) {
      expect((await client.register(given, 'right')).status).to.equal(200);
      const over = new AbortController();
      const flood = Array.from({ length: 20 }, async () => {
        while (!over.signal.aborted) await client.token(given, given);
      });
      const statuses: number[] = [];
      for (const name of others) {
        const fromMs = performance.now();
        statuses.push((await client.token(name, given === 'right' ? 'password' : 'wrong')).status);
        expect(performance.now() - fromMs).to.be.below(longestAnswerMs);
      }
      over.abort();
      await Promise.all(flood);
      expect(statuses).to.deep.equal(Array(others.length).fill(given === 'right' ? 200 : 403));
    }
  });
});
