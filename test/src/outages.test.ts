import { expect } from 'chai';
import { expectDone, expectValue } from './contract/answers.js';
import { longestAnswerMs } from './world/answer-time.js';
import { eventually } from './world/eventually.js';
import type { Answer, Account } from './world/keybin-client.js';
import { ScaleOutWorld } from './world/scale-out-world.js';
import { ownServices, type OwnServices } from './world/services.js';

const backWithinMs = 15_000;
const rounds = 3;

/** The calls that cannot be served without the service; those that are not named may be. */
const outages = [
  { service: 'redis', lost: ['get', 'get nothing', 'put', 'delete', 'keys', 'token'] },
  { service: 'mongod', lost: ['get', 'get nothing', 'keys', 'token', 'register', 'unregister'] },
] as const;

const ways = {
  'is gone': { begin: 'SIGKILL', end: undefined },
  hangs: { begin: 'SIGSTOP', end: 'SIGCONT' },
} as const;

describe('the scale-out engine, without one of its services', () => {
  const world = new ScaleOutWorld({ services: ownServices(), workers: 1 });

  for (const { service, lost } of outages) {
    for (const [way, { begin, end }] of Object.entries(ways)) {
      it(`answers within 2 s while ${service} ${way}, loses nothing, and goes on when it is back`, async function () {
        this.timeout(60_000);
        const server = serverOf(world.services, service);
        const account = await world.here.newAccount();
        for (const key of ['stored', 'gone']) expectDone(await world.here.put(account.token, key, 'before'));
        await world.drained();

        await server.kill(begin);
        for (let round = 0; round < rounds; round++) {
          const answers = await callEverything(world, account, `${service} ${way} ${round}`);
          for (const [call, { answer, tookMs }] of Object.entries(answers)) {
            const seen = `${call}: ${answer.status} ${answer.text} after ${Math.round(tookMs)} ms`;
            expect(tookMs, seen).to.be.below(longestAnswerMs);
            if (answer.status !== 503) expect(lost, seen).not.to.include(call);
            else expect(answer.headers, seen).to.have.property('retry-after');
            expect([200, 403, 503], seen).to.include(answer.status);
          }
        }
        await (end ? server.kill(end) : server.start());

        for (const api of [world.here, world.there]) {
          await eventually(async () => (await api.get(account.token, 'stored')).status === 200, 'reads', backWithinMs);
          expectValue(await api.get(account.token, 'stored'), 'before');
          await eventually(
            async () => (await api.put(account.token, 'after', 1)).status === 200,
            'writes',
            backWithinMs,
          );
          await eventually(
            async () => (await api.token(account.username, account.password, 'b')).status === 200,
            'logins',
            backWithinMs,
          );
        }
        await world.drained();
        expectValue(await world.there.get(account.token, 'after'), 1);
      });
    }
  }
});

function serverOf(services: OwnServices, service: 'redis' | 'mongod') {
  return service === 'redis' ? services.redis : services.mongod;
}

interface TimedAnswer {
  readonly answer: Answer;
  readonly tookMs: number;
}

/** Each call once, at the same time, by turns through the two processes. */
async function callEverything(
  { here, there }: ScaleOutWorld,
  { username, password, token }: Account,
  id: string,
): Promise<Record<string, TimedAnswer>> {
  const calls: Record<string, () => Promise<Answer>> = {
    get: () => here.get(token, 'stored'),
    'get nothing': () => there.get(token, 'nothing'),
    put: () => here.put(token, 'unknown', id),
    delete: () => there.delete(token, 'gone'),
    keys: () => here.keys(token),
    token: () => there.token(username, password, 'a'),
    register: () => here.register(`new ${id}`, 'secret'),
    unregister: () => there.unregister(username, 'wrong'),
  };
  const entries = Object.entries(calls).map(async ([name, call]) => [name, await timed(call)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

async function timed(call: () => Promise<Answer>): Promise<TimedAnswer> {
  const fromMs = performance.now();
  return { answer: await call(), tookMs: performance.now() - fromMs };
}
