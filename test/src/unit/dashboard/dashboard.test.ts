import { expect } from 'chai';
import { Redis } from 'ioredis';
import { expectDone, expectKeys, expectValue } from '../../contract/subjects/answers.js';
import { eventually } from '../../world/eventually.js';
import { send, type Account } from '../../world/clients/keybin-client.js';
import { RawConnection } from '../../world/clients/raw-connection.js';
import { startApi } from '../../world/processes/keybin-service.js';
import type { RunningApi, RunningWorker } from '../../world/processes/running.js';

import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { services } from '../../world/services/services.js';
import { storedDocuments } from '../../world/services/stored-documents.js';
import { adminSettings, askBoard, basic, board, password, user } from './administrator.js';
import { bodyOf, endpoints, pathOf } from './endpoints.js';

interface ShownJob {
  readonly id: string;
  readonly name: string;
  /** Names of the form `account/key`. */
  readonly data: { readonly entries?: readonly string[] };
}

/** Returns the jobs of any state, newest first. */
async function shownJobs(api: Pick<RunningApi, 'url'>): Promise<ShownJob[]> {
  const path = '/api/queues?activeQueue=entries&status=latest&page=1&jobsPerPage=50';
  // Bull Board's format
  const { queues } = (await askBoard(api, 'GET', path)).json as { queues: { jobs: ShownJob[] }[] };
  return queues[0]?.jobs ?? [];
}

/** Returns the ids of the accounts that the jobs name. */
const userIdsOf = (jobs: readonly ShownJob[]) => [
  ...new Set(jobs.flatMap(({ data }) => (data.entries ?? []).map((entry) => entry.split('/')[0] ?? ''))),
];

/** Acknowledged writes of a client. */
class Model {
  readonly #values = new Map<string, string>();
  #count = 0;

  constructor(
    private readonly world: ScaleOutWorld,
    readonly account: Account,
  ) {}

  /** Writes new values of some keys. */
  async write(): Promise<void> {
    for (let key = 0; key < 3; key++) {
      const [name, value] = [`key${key}_${this.#count % 5}`, `a secret value ${this.#count++}`];
      expectDone(await this.world.here.put(this.account.token, name, value));
      this.#values.set(name, value);
    }
  }

  /** Asserts that reads show exactly the model's values and that MongoDB has them too. */
  async expectStored(userId: string): Promise<void> {
    const { there } = this.world;
    expectKeys(await there.keys(this.account.token), [...this.#values.keys()]);
    for (const [key, value] of this.#values) expectValue(await there.get(this.account.token, key), value);
    const stored = await storedDocuments(this.world.services, new RegExp(`^${userId}/`));
    const values = stored.map(({ _id, value }) => [String(_id).split('/')[1] ?? '', JSON.parse(String(value))]);
    expect(Object.fromEntries(values)).to.deep.equal(Object.fromEntries(this.#values));
  }
}

describe('the dashboard of the queue', function () {
  this.timeout(120_000); // each endpoint is called, with a sweep in between
  const sweep = { KEYBIN_QUEUE_SWEEP_AFTER: '1', KEYBIN_STORE_TOKEN_EXPIRATION: '600' };
  const world = new ScaleOutWorld({ services, env: { ...adminSettings, ...sweep } });

  const readOnly = () => {
    const [api] = world.apis;
    if (!api) throw new Error('there are two');
    return api;
  };

  /** Removes everything but the epoch: without one, nothing is accepted for up to a second. */
  const emptyQueue = async () => {
    const redis = new Redis(world.services.redisUrl);
    const keys = (await redis.keys('*')).filter((key) => !key.endsWith(':epoch'));
    if (keys.length > 0) await redis.del(keys);
    redis.disconnect();
  };

  describe('requires the administrator', () => {
    it('and refuses requests without name and password', async () => {
      const wrong = [undefined, basic(user, 'wrong'), basic('root', password), basic('', ''), 'Bearer x'];
      for (const authorization of wrong) {
        const headers = authorization === undefined ? {} : { authorization };
        for (const path of ['', '/', '/api/queues', '/static/favicon.ico']) {
          const answer = await send(readOnly().url, 'GET', `${board}${path}`, { headers });
          expect(answer.status).to.equal(401);
          expect(answer.headers['www-authenticate']).to.match(/^Basic /);
        }
      }
      expect((await askBoard(readOnly(), 'GET', '')).status).to.equal(200);
      expect((await askBoard(readOnly(), 'GET', '/no-page')).status).to.equal(404);
    });

    it('and limits failed logins', async () => {
      const api = await world.startApi({ KEYBIN_LIMITS_FAILED_LOGINS_PER_ACCOUNT: '3/60' });
      const guess = async (secret: string) =>
        (await send(api.url, 'GET', board, { headers: { authorization: basic('guessed', secret) } })).status;
      const statuses = [];
      for (let round = 0; round < 5; round++) statuses.push(await guess(`guess ${round}`));
      expect(statuses).to.deep.equal([401, 401, 401, 429, 429]);
      await api.stop();
    });

    it('and refuses the right password among more concurrent guesses than the limit allows', async () => {
      const own = 'guessed at once';
      const api = await world.startApi({ KEYBIN_ADMIN_USER: own, KEYBIN_LIMITS_FAILED_LOGINS_PER_ACCOUNT: '3/60' });
      const request = (secret: string) =>
        `GET ${board} HTTP/1.1\r\nHost: a\r\nAuthorization: ${basic(own, secret)}\r\n\r\n`;
      const guesses = [...Array.from({ length: 7 }, (_, guess) => `guess ${guess}`), password];
      const connections = await Promise.all(guesses.map(() => RawConnection.open(api.url)));
      for (const [index, connection] of connections.entries()) connection.send(request(guesses[index] ?? ''));
      await Promise.all(connections.map((connection) => connection.answers(1)));
      for (const connection of connections) connection.destroy();
      const statuses = connections.map(({ statuses: [status] }) => status);
      expect(statuses.slice(0, 7)).to.have.members([401, 401, 401, 429, 429, 429, 429]);
      expect(statuses[7], 'for the password').to.equal(429);
      await api.stop();
    });

    it('and lets nobody elsewhere lock the administrator out', async () => {
      const own = 'guessed everywhere';
      const api = await world.startApi({
        KEYBIN_ADMIN_USER: own,
        KEYBIN_APP_TRUST_PROXY: '1',
        KEYBIN_LIMITS_FAILED_LOGINS_PER_ACCOUNT_EVERYWHERE: '3/60',
      });
      const logIn = async (secret: string, address: string) => {
        const headers = { authorization: basic(own, secret), 'x-forwarded-for': address };
        return (await send(api.url, 'GET', board, { headers })).status;
      };
      expect(await logIn(password, '10.0.0.1')).to.equal(200);
      for (let guess = 0; guess < 3; guess++) expect(await logIn('guess', `10.0.1.${guess}`)).to.equal(401);
      expect(await logIn(password, '10.0.2.1')).to.equal(429);
      expect(await logIn(password, '10.0.0.1')).to.equal(200);
      await api.stop();
    });

    it('and is at one spelling of its path only', async () => {
      const headers = { authorization: basic(user, password) };
      for (const path of ['/ADMIN/queues', '/admin/Queues', '/admin//queues', '//admin/queues', '/admin%2Fqueues']) {
        expect((await send(readOnly().url, 'GET', path, { headers })).status, path).to.equal(404);
      }
    });

    it('and is off until one is configured', async () => {
      const api = await startApi({ env: world.services.env });
      expect((await askBoard(api, 'GET', '')).status).to.equal(404);
      await api.stop();
    });

    it('and is off on an engine without a queue', async () => {
      const api = await startApi({ env: adminSettings });
      expect((await askBoard(api, 'GET', '')).status).to.equal(404);
      await api.stop();
    });
  });

  it('shows the account and the key of each entry of a job', async () => {
    await emptyQueue();
    const { token } = await world.here.newAccount();
    await world.here.put(token, 'a_key', 'a secret value');
    const [job] = await shownJobs(readOnly());
    expect(job?.data.entries).to.have.lengthOf(1);
    expect(job?.data.entries?.[0]).to.match(/^[0-9a-f-]{36}\/a_key$/);
  });

  it('loads nothing from other hosts, by its pages and by its policy', async () => {
    const { text, headers } = await askBoard(readOnly(), 'GET', '');
    expect(text).not.to.match(/https?:/);
    const policy = String(headers['content-security-policy']);
    expect(policy)
      .to.include("default-src 'none'")
      .and.not.match(/https?:|\*/);
  });

  it('refuses all changes unless they are allowed', async () => {
    await emptyQueue();
    const { token } = await world.here.newAccount();
    await world.here.put(token, 'a', 1);
    const before = await shownJobs(readOnly());
    expect(before).not.to.deep.equal([]);
    const [job] = before;
    for (const { method, route } of endpoints) {
      if (method === 'GET') continue;
      const path = pathOf(route, job?.id ?? '', 'wait');
      const { status } = await askBoard(readOnly(), method, path, { json: bodyOf(route, job?.data) });
      if (route === '/api/queues/pause' || route === '/api/queues/resume') expect(status).to.be.oneOf([200, 405]);
      else expect(status, `${method} ${route}`).to.equal(405);
    }
    expect(await shownJobs(readOnly())).to.deep.equal(before);
    const [queue] = ((await askBoard(readOnly(), 'GET', '/api/queues')).json as { queues: { isPaused: boolean }[] })
      .queues; // Bull Board's format
    expect(queue?.isPaused).to.equal(false);
  });

  describe('that may change the queue', () => {
    let api: RunningApi;
    let worker: RunningWorker | undefined;

    before(async () => {
      api = await world.startApi({ KEYBIN_ADMIN_QUEUE_CHANGES: 'on' });
    });
    after(() => api.stop());
    afterEach(() => worker?.stop());

    it('refuses requests from pages of other hosts', async () => {
      for (const headers of [
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { origin: 'http://evil.example' },
      ]) {
        expect((await askBoard(api, 'PUT', '/api/queues/pause', { headers })).status).to.equal(403);
      }
      const own = { 'sec-fetch-site': 'same-origin', origin: api.url };
      expect((await askBoard(api, 'PUT', '/api/queues/resume', { headers: own })).status).to.equal(200);
    });

    for (const isAtWork of [false, true]) {
      it(`loses nothing by any of its endpoints, ${isAtWork ? 'with a worker' : 'before a worker starts'}`, async () => {
        await emptyQueue();
        const model = new Model(world, await world.here.newAccount());
        if (isAtWork) worker = await world.startWorker();
        let userId = '';
        for (const { method, route } of endpoints) {
          for (const queueStatus of route.includes(':queueStatus') ? ['failed', 'wait', 'active', 'delayed'] : ['']) {
            await model.write();
            const jobs = await shownJobs(api);
            userId = userIdsOf(jobs).at(0) ?? userId;
            const job = jobs.at(0)?.id ?? '1';
            const json =
              method === 'GET' ? undefined : bodyOf(route, { entries: [[userId, ['key0_0', 'no-such-key']]] });
            const { status, text } = await askBoard(api, method, pathOf(route, job, queueStatus), { json });
            expect(status, `${method} ${route}: ${text}`).to.be.below(600);
            expect(text)
              .not.to.include('a secret value')
              .and.not.match(/\n\s+at .*:\d+:\d+/);
          }
        }
        worker ??= await world.startWorker();
        await eventually(async () => (await world.pendingEntries()) === 0, 'nothing pending', 60_000);
        await model.expectStored(userId || (await userIdOf(model)));
      });
    }

    it('does no harm with jobs that were created, edited or duplicated by hand', async () => {
      await emptyQueue();
      const model = new Model(world, await world.here.newAccount());
      const other = await world.here.newAccount();
      expectDone(await world.here.put(other.token, 'theirs', 'kept'));
      await model.write();
      const jobs = await shownJobs(api);
      const userIds = userIdsOf(jobs);
      expect(userIds).to.have.lengthOf(2);
      const [first = ''] = userIds;
      const entry = { userId: first, key: 'key0_0', version: 1, reason: 'made by hand' };
      const made = [
        ...userIds.map((userId) => ['erase', { userId }]),
        ...jobs.map(({ name, data }) => [name, data]),
        ['rejected', entry],
        ['rejected', { ...entry, key: '../..' }],
        ['apply', { entries: userIds.map((userId) => [userId, ['key0_0', 'theirs', '', '/', '~']]) }],
        [
          'apply',
          {
            entries: [
              ['', ['']],
              ['x/y', ['z']],
            ],
          },
        ],
        ...[
          null,
          1,
          'x',
          [],
          {},
          { entries: 1 },
          { entries: [1] },
          { entries: [['u', 'k']] },
          { entries: [['u', [1]]] },
        ].flatMap((data) => [
          ['apply', data],
          ['erase', data],
          ['rejected', data],
          ['no-such-job', data],
        ]),
      ];
      for (const [name, data] of made) {
        await askBoard(api, 'POST', '/api/queues/entries/add', { json: { name, data, options: {} } });
      }
      for (const { id } of jobs) {
        const path = `/api/queues/entries/${id}/update-data`;
        await askBoard(api, 'PATCH', path, { json: { jobData: { entries: [[userIds[1], ['theirs']]] } } });
      }
      worker = await world.startWorker();
      await eventually(async () => (await world.pendingEntries()) === 0, 'nothing pending', 60_000);
      await world.drained();
      const failed = await askBoard(api, 'PUT', '/api/queues/entries/retry/failed');
      expect(failed.status).to.equal(200);
      await world.drained();
      await model.expectStored(await userIdOf(model));
      expectValue(await world.there.get(other.token, 'theirs'), 'kept');
    });
  });

  /** Returns the user id, looked up in MongoDB by the account's newest key. */
  async function userIdOf(model: Model): Promise<string> {
    const documents = await storedDocuments(world.services, /\/key0_0$/);
    for (const { _id } of documents.toReversed()) {
      const [userId = ''] = String(_id).split('/');
      const values = await storedDocuments(world.services, new RegExp(`^${userId}/`));
      // Asserted by the contract
      const listed = (await world.here.keys(model.account.token)).json as { keys: string[] };
      if (values.length === listed.keys.length) return userId;
    }
    throw new Error('MongoDB has nothing of the account');
  }
});
