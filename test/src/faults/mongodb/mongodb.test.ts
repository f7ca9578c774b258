import { expect } from 'chai';
import { expectDone, expectKeys, expectNoKey, expectValue } from '../../contract/subjects/answers.js';
import { expectGreeting, getAs, postUser, signedToken } from '../../contract/api/calls.js';
import {
  askForCode,
  getPost,
  listPosts,
  login,
  logout,
  post,
  postIdIn,
  register,
  v1Token,
  view,
} from '../../contract/v1/calls.js';
import { eventually } from '../../world/eventually.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { ownServices } from '../../world/services/services.js';
import { times } from '../../world/times.js';
import { bringBack, expectUnavailable, serves, unavailableAsJson, ways } from '../support/answers.js';
import { failedJobs, openJobs } from '../support/jobs.js';

const rounds = 2;

describe('while MongoDB is down', function () {
  this.timeout(60_000); // processes start and die, on a machine that may be busy
  const world = new ScaleOutWorld({ services: ownServices, times, workers: 1 });

  for (const { way, begin, end } of ways) {
    it(`writes and reads of pending writes are served, all else is refused in time, and the backlog is applied: it ${way}`, async () => {
      const { mongod, redisUrl } = world.services;
      const account = await world.here.newAccount();
      const { username, password, token } = account;
      for (const key of ['stored', 'kept']) expectDone(await world.here.put(token, key, 'before'));
      await world.drained();
      const signed = await signedToken(world.here, username, password);

      const [v1, other] = [await v1Token(world.here, account), await v1Token(world.there, account)];
      const postId = postIdIn(await post(world.here, v1, 'before'));
      for (const client of [world.here, world.there]) {
        expect((await getPost(client, postId, v1)).status).to.equal(200);
        expect((await view(client, username, other)).status).to.equal(200);
      }
      await world.drained();

      await mongod.kill(begin);
      for (let round = 1; round <= rounds; round++) {
        expectDone(await world.here.put(token, 'stored', round));
        expectDone(await world.there.put(token, `pending_${round}`, round));
        expectDone(await world.here.put(token, 'gone', round));
        expectDone(await world.there.delete(token, 'gone'));
        expectValue(await world.there.get(token, 'stored'), round);
        expectValue(await world.here.get(token, `pending_${round}`), round);
        expectNoKey(await world.here.get(token, 'gone'), 'gone');
        const pendingPost = postIdIn(await post(world.here, v1, `pending ${round}`));
        expect((await getPost(world.there, pendingPost, v1)).json).to.have.property('content', `pending ${round}`);
        for (const client of [world.here, world.there]) {
          await expectUnavailable({
            'get what is stored': () => client.get(token, 'kept'),
            'get nothing': () => client.get(token, 'nothing'),
            'delete what is stored': () => client.delete(token, 'kept'),
            keys: () => client.keys(token),
            token: () => client.token(username, password, 'another client'),
            register: () => client.register(`new ${way} ${round}`, 'secret'),
            unregister: () => client.unregister(username, 'wrong'),
          });
          await expectUnavailable(
            {
              'make a user': () => postUser(client, { username: `new ${way} ${round}`, password: 'secret' }),
              user: () => client.send('GET', '/api/users/1'),
              'token for a password': () => getAs(client, '/api/token', username, password),
              'token for a token': () => getAs(client, '/api/token', signed, 'x'),
              resource: () => getAs(client, '/api/resource', signed, 'x'),
              'identify code': () => askForCode(client, `new ${way} ${round}`),
              'register with a code': () => register(client, `new ${way} ${round}`, 100_000, 'secret'),
              login: () => login(client, username, password),
              view: () => view(client, username, v1),
              logout: () => logout(client, username, other),
              'stored post': () => getPost(client, postId, v1),
              posts: () => listPosts(client, v1),
            },
            unavailableAsJson,
          );
        }
      }
      const jobs = await eventually(async () => {
        const open = await openJobs(redisUrl);
        return open.some(({ attemptsStarted }) => attemptsStarted > 0) && open;
      }, 'a job that was begun');
      expect(jobs.map(({ attemptsMade, failedReason }) => [attemptsMade, failedReason])).to.deep.equal(
        jobs.map(() => [0, undefined]),
      );

      await bringBack(mongod, end);
      await world.drained(30_000);
      expect(await failedJobs(redisUrl)).to.equal(0);
      for (const client of [world.here, world.there]) {
        await serves(client, account);
        expectGreeting(await getAs(client, '/api/resource', signed, 'x'), username);
        expectValue(await client.get(token, 'stored'), rounds);
        expectValue(await client.get(token, 'kept'), 'before');
        expectKeys(await client.keys(token), ['after', 'kept', 'pending_1', 'pending_2', 'stored']);
      }
    });
  }
});
