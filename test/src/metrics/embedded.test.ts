import { expect } from 'chai';
import { eventually } from '../world/eventually.js';
import { KeybinClient, send } from '../world/keybin-client.js';
import { spawnApi, type ApiProcess } from '../world/keybin-process.js';
import { promtool } from '../world/promtool.js';
import { runs } from '../world/runs.js';
import { RawConnection } from '../world/raw-connection.js';
import { programs } from '../world/services.js';
import { scrape, type Scrape } from './scrape.js';

const requests = 'keybin_http_request_duration_seconds_count';

describe('/metrics of an embedded service', () => {
  let api: ApiProcess;
  let client: KeybinClient;

  async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    api = await spawnApi({ env });
    client = new KeybinClient(api.url);
  }

  afterEach(() => api.stop());

  describe('for Prometheus', () => {
    programs('promtool');

    it('is as its rules want it', async () => {
      await start();
      const { token } = await client.newAccount();
      await client.put(token, 'a', 1);
      expect(promtool(['check', 'metrics'], (await scrape(api.url)).text)).to.equal('');
    });
  });

  it('counts requests by the template of their route, method and status', async () => {
    await start();
    const { token } = await client.newAccount();
    for (const key of ['a', 'b']) await client.put(token, key, 1);
    await client.get(token, 'none');
    const seen = await scrape(api.url);
    const route = '/user/:token/store/:key';
    expect(seen.sum(requests, { route, method: 'POST', status: '200' })).to.equal(2);
    expect(seen.sum(requests, { route, method: 'GET', status: '404' })).to.equal(1);
    expect(seen.sum('keybin_http_request_duration_seconds_bucket', { route, method: 'POST', le: '+Inf' })).to.equal(2);
    const seconds = seen.sum('keybin_http_request_duration_seconds_sum', { route, method: 'POST' });
    expect(seconds).to.be.within(0.000_001, 10);
  });

  it('counts what was written, logged in and refused', async () => {
    await start();
    const { username, password, token } = await client.newAccount();
    await client.put(token, 'a', 1);
    await client.put(token, 'a', 2);
    await client.delete(token, 'a');
    await client.delete(token, 'a'); // there is nothing
    await client.put('no-token', 'a', 2);
    await client.token(username, 'wrong');
    await client.token('nobody', password);
    const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    await client.send('GET', '/api/token', { headers: { authorization: basic } });
    const seen = await scrape(api.url);
    expect(seen.sum('keybin_writes_accepted_total')).to.equal(3);
    expect(seen.sum('keybin_writes_applied_total')).to.equal(3);
    expect(seen.sum('keybin_batch_entries_sum', { step: 'accept' })).to.equal(3);
    expect(seen.sum('keybin_tokens_issued_total', { dialect: 'keybin' })).to.equal(1);
    expect(seen.sum('keybin_tokens_issued_total', { dialect: 'api' })).to.equal(1);
    expect(seen.sum('keybin_logins_refused_total')).to.equal(2);
    expect(seen.sum('keybin_bcrypt_seconds_count')).to.equal(5); // one to register, four to log in
    expect(seen.sum('keybin_bcrypt_waiting')).to.equal(0);
    expect(seen.sum('keybin_dependency_up', { dependency: 'lmdb' })).to.equal(1);
    expect(seen.of('keybin_build_info')).to.have.lengthOf(1);
    expect(seen.sum('nodejs_eventloop_lag_seconds')).to.be.at.least(0);
  });

  it('has nothing in a label that a client chose, and no more of them for what clients make up', async () => {
    await start();
    const { username, token } = await client.newAccount();
    await client.put(token, 'mykey', 1);
    const series = async () => (await scrape(api.url)).of(requests).length;
    const askAll = async (round: number) => {
      for (const method of ['GET', 'PUT'] as const) await client.send(method, `/made-up-${round}`);
      await client.get(`made-up-${round}`, `made-up-${round}`);
      await client.send('GET', `/user/${token}/made-up-${round}`);
      const raw = await RawConnection.open(api.url);
      const method = ['PROPFIND', 'MKCOL', 'LOCK', 'REPORT'][round] ?? '';
      raw.send(`${method} /made-up-${round} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n`);
      expect(await raw.closed()).to.match(/^HTTP\/1\.1 404 /);
    };
    await askAll(0);
    await series();
    const before = await series();
    for (const round of [1, 2, 3]) await askAll(round);
    expect(await series()).to.equal(before);
    const { text } = await scrape(api.url);
    for (const secret of [username, token, 'mykey', 'made-up']) expect(text).not.to.include(secret);
  });

  it('wants the token that is set, and is not there where it is off', async () => {
    const token = 'a'.repeat(32);
    await start({ KEYBIN_METRICS_TOKEN: token });
    for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
      const refused = await send(api.url, 'GET', '/metrics', { headers });
      expect(refused.status).to.equal(401);
      expect(refused.headers['www-authenticate']).to.match(/^Bearer /);
      expect(refused.text).not.to.include('keybin_');
    }
    expect((await scrape(api.url, token)).sum('keybin_build_info')).to.equal(1);
    await api.stop();
    await start({ KEYBIN_METRICS_ENABLED: 'off' });
    expect((await send(api.url, 'GET', '/metrics')).status).to.equal(404);
  });

  describe('with several processes', () => {
    const register = { route: '/register', method: 'POST', status: '200' };
    const registered = (seen: Scrape) => seen.sum(requests, register);

    beforeEach(async () => {
      await start({ KEYBIN_APP_PROCESSES: '2', KEYBIN_APP_DEBUG: 'true' });
      await eventually(() => api.child.output.includes('Keybin listens'), 'all processes');
    });

    it('is of all of them, whichever answers', async () => {
      const { count } = await registerOnBoth(api);
      for (let round = 0; round < 6; round++) expect(registered(await scrape(api.url))).to.equal(count);
      expect((await scrape(api.url)).of('keybin_build_info').map(({ value }) => value)).to.deep.equal([1]);
    });

    it('goes on counting what a process had counted that was killed', async () => {
      const { pids, count } = await registerOnBoth(api);
      expect(registered(await scrape(api.url))).to.equal(count);
      const [victim = 0] = pids;
      process.kill(victim, 'SIGKILL');
      await eventually(() => !runs(victim), 'the end of one');
      await eventually(async () => {
        const seen = await withinMs(scrape(api.url), 500); // one given to a dying process hangs
        return seen && registered(seen) === count;
      }, 'the same count');
    });

    it('answers in time, with what it said last, while one of them hangs', async () => {
      const { pids, count } = await registerOnBoth(api);
      expect(registered(await scrape(api.url))).to.equal(count);
      const [hanging = 0] = pids;
      process.kill(hanging, 'SIGSTOP');
      try {
        // Half of the new connections are given to the one that hangs
        const seen = await eventually(
          async () => withinMs(scrape(api.url), 3_000),
          'an answer of the other one',
          20_000,
        );
        expect(registered(seen)).to.equal(count);
      } finally {
        process.kill(hanging, 'SIGCONT');
      }
    }).timeout(40_000);
  });
});

/** Registers on new connections until two processes have answered; their ids, and how often it was. */
async function registerOnBoth(api: ApiProcess): Promise<{ pids: number[]; count: number }> {
  for (let count = 1; ; count++) {
    const json = { username: `user-${performance.now()}`, password: 'p' };
    const answer = await send(api.url, 'POST', '/register', { json, headers: { connection: 'close' } });
    expect(answer.status).to.equal(200);
    const answered = api.child.logs.filter(({ route }) => route === '/register').map(({ pid }) => Number(pid));
    const pids = [...new Set(answered)];
    if (pids.length === 2) return { pids, count };
    expect(count).to.be.below(100);
  }
}

async function withinMs<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  work.catch(() => {});
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), ms)));
  const first = await Promise.race([work, late]);
  clearTimeout(timer);
  return first;
}
