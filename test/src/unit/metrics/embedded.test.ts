import { expect } from 'chai';
import { KeybinClient, send } from '../../world/clients/keybin-client.js';
import { startApi } from '../../world/processes/keybin-service.js';
import type { RunningApi } from '../../world/processes/running.js';

import { promtool } from '../../world/processes/promtool.js';
import { RawConnection } from '../../world/clients/raw-connection.js';
import { programs } from '../../world/services/services.js';
import { scrape } from './scrape.js';

const requests = 'keybin_http_request_duration_seconds_count';

describe('/metrics of an embedded service', () => {
  let api: RunningApi;
  let client: KeybinClient;

  async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    api = await startApi({ env });
    client = new KeybinClient(api.url);
  }

  afterEach(() => api.stop());

  describe('for Prometheus', () => {
    programs('promtool');

    it('follows its rules for names', async () => {
      await start();
      const { token } = await client.newAccount();
      await client.put(token, 'a', 1);
      expect(promtool(['check', 'metrics'], (await scrape(api.url)).text)).to.equal('');
    });
  });

  it('counts requests by the template of their route, method and status', async () => {
    await start();
    const { token } = await client.newAccount();
    const fromMs = performance.now();
    for (const key of ['a', 'b']) await client.put(token, key, 1);
    const mostSeconds = (performance.now() - fromMs) / 1_000;
    await client.get(token, 'none');
    const seen = await scrape(api.url);
    const route = '/user/:token/store/:key';
    expect(seen.sum(requests, { route, method: 'POST', status: '200' })).to.equal(2);
    expect(seen.sum(requests, { route, method: 'GET', status: '404' })).to.equal(1);
    expect(seen.sum('keybin_http_request_duration_seconds_bucket', { route, method: 'POST', le: '+Inf' })).to.equal(2);
    const seconds = seen.sum('keybin_http_request_duration_seconds_sum', { route, method: 'POST' });
    expect(seconds).to.be.within(0.000_001, mostSeconds);
  });

  it('counts writes, logins and refused requests', async () => {
    await start();
    const { username, password, token } = await client.newAccount();
    await client.put(token, 'a', 1);
    await client.put(token, 'a', 2);
    await client.delete(token, 'a');
    await client.delete(token, 'a'); // there is no such key
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

  it('has no label with text from a client, and no more series for unknown paths', async () => {
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

  it('is at one spelling of its path only, as the probes are', async () => {
    await start();
    for (const path of ['/METRICS', '/metrics/', '/Livez', '/livez/', '/readyZ', '/readyz/']) {
      expect((await send(api.url, 'GET', path)).status, path).to.equal(404);
    }
    expect((await send(api.url, 'GET', '/metrics?x')).status).to.equal(200);
  });

  it('requires the configured token, and does not exist if it is off', async () => {
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
});
