import { expect } from 'chai';
import { expectDone, expectValue } from '../../contract/subjects/answers.js';
import { expectGreeting, getAs, signedToken } from '../../contract/api/calls.js';
import {
  askForCode,
  codeIn,
  listPosts,
  login,
  logout,
  post,
  register,
  v1Token,
  view,
} from '../../contract/v1/calls.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { ownServices } from '../../world/services/services.js';
import { times } from '../../world/times.js';
import { bringBack, expectUnavailable, serves, unavailableAsJson, ways } from '../support/answers.js';

const rounds = 2;

describe('while Redis is down', function () {
  this.timeout(60_000); // processes start and die, on a machine that may be busy
  const world = new ScaleOutWorld({ services: ownServices, times, workers: 1 });

  for (const { way, begin, end } of ways) {
    it(`entries and logins are refused in time, all else is served, and service resumes without a restart: it ${way}`, async () => {
      const { redis } = world.services;
      const account = await world.here.newAccount();
      const { username, password, token } = account;
      expectDone(await world.here.put(token, 'stored', 'before'));
      await world.drained();
      expectDone(await world.here.put(token, 'last', 'before'));

      const v1 = await v1Token(world.here, account);

      await redis.kill(begin);
      for (let round = 1; round <= rounds; round++) {
        for (const client of [world.here, world.there]) {
          await expectUnavailable({
            get: () => client.get(token, 'stored'),
            'get nothing': () => client.get(token, 'nothing'),
            keys: () => client.keys(token),
            put: () => client.put(token, 'unknown', round),
            delete: () => client.delete(token, 'unknown'),
            token: () => client.token(username, password, 'another client'),
            unregister: () => client.unregister(username, password),
          });
          await expectUnavailable(
            {
              login: () => login(client, username, password),
              view: () => view(client, username, v1),
              logout: () => logout(client, username, v1),
              post: () => post(client, v1, 'unknown'),
              posts: () => listPosts(client, v1),
            },
            unavailableAsJson,
          );
          const newName = `new ${way} ${round} ${client.baseUrl}`;
          const code = codeIn(await askForCode(client, newName));
          expect((await register(client, newName, code, 'secret')).status).to.equal(200);
          const signed = await signedToken(client, username, password);
          expectGreeting(await getAs(client, '/api/resource', signed, 'x'), username);
        }
      }

      await bringBack(redis, end);
      for (const client of [world.here, world.there]) await serves(client, account);
      await world.drained(30_000);
      for (const client of [world.here, world.there]) {
        expectValue(await client.get(token, 'stored'), 'before');
        expectValue(await client.get(token, 'last'), 'before');
      }
    });
  }
});
