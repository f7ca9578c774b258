import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { longestAnswerMs } from '../../world/answer-time.js';
import { eventually } from '../../world/eventually.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { ownServices } from '../../world/services/services.js';
import { times } from '../../world/times.js';
import { waysToLogIn } from '../../contract/security/ways-to-log-in.js';

const limit = 3;

describe('the limits of failed logins while Redis is down', function () {
  this.timeout(60_000); // servers start and die, on a machine that may be busy
  const world = new ScaleOutWorld({
    services: ownServices,
    times,
    env: { KEYBIN_LIMITS_FAILED_LOGINS_PER_ACCOUNT: `${limit}/600` },
  });
  // Basic authentication needs MongoDB only
  const [, byBasic] = waysToLogIn;
  const logIn = async (username: string, password: string) =>
    (await byBasic?.try(world.here.baseUrl, { username, password }))?.status;

  after(() => world.services.redis.kill('SIGCONT'));

  for (const [how, signal] of [
    ['is down', 'SIGKILL'],
    ['hangs', 'SIGSTOP'],
  ] as const) {
    it(`go on from the last known number in each process, and nobody waits for them (it ${how})`, async () => {
      // An API may not have noticed that Redis is back from the last outage
      const [username, password] = [randomUUID(), 'never used yet'];
      await eventually(async () => (await world.here.register(username, password)).status === 200, 'an account');
      expect(await logIn(username, 'wrong')).to.equal(401);
      await world.services.redis.kill(signal);
      for (let turn = 1; turn < limit; turn++) {
        const fromMs = performance.now();
        expect(await logIn(username, 'wrong')).to.equal(401);
        expect(performance.now() - fromMs).to.be.below(longestAnswerMs);
      }
      expect(await logIn(username, password)).to.equal(429);
      if (signal === 'SIGKILL') await world.services.redis.start();
      else await world.services.redis.kill('SIGCONT');
    });
  }
});
