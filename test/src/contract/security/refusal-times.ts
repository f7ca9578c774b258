import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Answer } from '../../world/clients/keybin-client.js';
import type { RunningApi } from '../../world/processes/running.js';
import type { Subject } from '../subjects/subject.js';
import { unregistering, waysToLogIn, type Secret } from './ways-to-log-in.js';

/** Number of attempts for each way to log in, for unknown names and for wrong passwords. */
const turns = 41;
/** Largest accepted ratio of the longer time to the shorter one. */
const bound = 1.5;
const cost = 7;

const settings = (bcryptCost: number) => ({
  KEYBIN_ACCOUNTS_BCRYPT_COST: String(bcryptCost),
  KEYBIN_ACCOUNTS_HASHES_AT_ONCE: '1',
  KEYBIN_LIMITS_FAILED_LOGINS_PER_ACCOUNT: 'off',
  KEYBIN_LIMITS_FAILED_LOGINS_PER_ACCOUNT_EVERYWHERE: 'off',
});

/** Defines tests that the time of a refusal does not reveal if a name is known. */
export function refusalTimesContract(subject: Subject): void {
  describe('a login that is refused', function () {
    this.timeout(120_000); // many hashes on a busy machine
    let api: RunningApi;
    before('an API whose hashes take longer than all else', async () => {
      api = await subject.startAnother(settings(cost));
    });
    after(() => api.stop());

    for (const way of [...waysToLogIn, unregistering]) {
      it(`takes as long for an unknown name as for a wrong password (${way.name})`, async () => {
        const username = randomUUID();
        // This API hashes it, at its own cost
        expect((await fetch(`${api.url}/register`, posted({ username, password: 'right' }))).status).to.equal(200);
        const { unknown, wrong } = await shortestMs(way.refused, username, (secret) => way.try(api.url, secret));
        expect(Math.max(unknown / wrong, wrong / unknown), `${unknown} ms, ${wrong} ms`).to.be.below(bound);
      });
    }

    it('takes as long for an account whose password was hashed at a lower cost', async () => {
      const { username } = await subject.here.newAccount(); // hashed at the tests' cost, 4
      const [way] = waysToLogIn;
      if (!way) throw new Error('There is no way to log in');
      const { unknown, wrong } = await shortestMs(way.refused, username, (secret) => way.try(api.url, secret));
      expect(Math.max(unknown / wrong, wrong / unknown), `${unknown} ms, ${wrong} ms`).to.be.below(bound);
    });
  });
}

const posted = (body: object) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/**
 * Returns the shortest time of a refusal for an unknown name and for a wrong password, tried in turn. On a busy machine
 * most refusals take several times as long and some do not, so a median would depend on chance.
 */
async function shortestMs(refused: number, username: string, logIn: (secret: Secret) => Promise<Answer>) {
  const unknown: number[] = [];
  const wrong: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const tries = [
      async () => unknown.push(await timed(refused, () => logIn({ username: randomUUID(), password: 'wrong' }))),
      async () => wrong.push(await timed(refused, () => logIn({ username, password: 'wrong' }))),
    ];
    for (const attempt of turn % 2 === 0 ? tries : tries.toReversed()) await attempt();
  }
  return { unknown: Math.min(...unknown), wrong: Math.min(...wrong) };
}

async function timed(refused: number, login: () => Promise<Answer>): Promise<number> {
  const fromMs = performance.now();
  const { status } = await login();
  const tookMs = performance.now() - fromMs;
  expect(status).to.equal(refused);
  return tookMs;
}
