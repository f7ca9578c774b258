import { expect } from 'chai';
import { Redis } from 'ioredis';
import { longestAnswerMs } from '../../world/answer-time.js';
import { eventually } from '../../world/eventually.js';
import { send } from '../../world/clients/keybin-client.js';
import { startApi } from '../../world/processes/keybin-service.js';
import type { RunningApi } from '../../world/processes/running.js';

import { RawConnection } from '../../world/clients/raw-connection.js';
import { ownServices } from '../../world/services/services.js';
import { freshMonitoring } from '../../world/times.js';

/** Sends a request on its own connection, as a load balancer may. */
async function ask(api: RunningApi, path: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const { status, headers, json } = await send(api.url, 'GET', path, { headers: { connection: 'close' } });
  expect(headers['content-type']).to.equal('application/json; charset=utf-8');
  expect(headers['cache-control']).to.equal('no-store');
  return { status, body: json as Record<string, unknown> }; // both routes return an object
}

/** Returns the status code, the reported status, and which dependencies are up or down. */
async function readiness(api: RunningApi): Promise<[number, unknown, Record<string, string>]> {
  const startedMs = performance.now();
  const { status, body } = await ask(api, '/readyz');
  expect(performance.now() - startedMs).to.be.below(longestAnswerMs);
  // See docs/interfaces/service.md
  const dependencies = (body['dependencies'] ?? {}) as Record<string, { status: string; latency_ms: number }>;
  for (const { latency_ms } of Object.values(dependencies)) expect(latency_ms).to.be.a('number');
  return [
    status,
    body['status'],
    Object.fromEntries(Object.entries(dependencies).map(([name, one]) => [name, one.status])),
  ];
}

describe('/livez and /readyz', () => {
  describe('of an embedded service', () => {
    let api: RunningApi;

    async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
      api = await startApi({ env });
    }

    afterEach(() => api.stop());

    it('say that it is live and ready', async () => {
      await start();
      expect(await ask(api, '/livez')).to.deep.equal({ status: 200, body: { status: 'live' } });
      expect(await readiness(api)).to.deep.equal([200, 'ready', { lmdb: 'up' }]);
    });

    it('report live and not ready while the API drains, for drain_delay on new connections, which are served', async () => {
      await start({ KEYBIN_LIMITS_DRAIN_DELAY: '2' });
      const stopped = api.stop();
      await eventually(async () => (await ask(api, '/readyz')).status === 503, 'the end of readiness');
      expect(await readiness(api)).to.deep.equal([503, 'draining', {}]);
      expect((await ask(api, '/livez')).status).to.equal(200);
      expect((await send(api.url, 'GET', '/user/none/keys', { headers: { connection: 'close' } })).status).to.equal(
        403,
      );
      await stopped;
    });

    it('report that on an open connection, without a delay', async () => {
      await start();
      const [busy, probe] = [await RawConnection.open(api.url), await RawConnection.open(api.url)];
      busy.send(
        'POST /register HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{',
      );
      probe.send('GET /livez HTTP/1.1\r\nHost: test\r\n\r\n');
      await probe.answers(1);
      const stopped = api.stop();
      await eventually(() => api.output.includes('draining'), 'the drain');
      probe.send('GET /readyz HTTP/1.1\r\nHost: test\r\n\r\n');
      expect(await probe.closed()).to.match(/HTTP\/1\.1 503 [^]*Connection: close[^]*\{"status":"draining"\}$/);
      busy.send('}');
      await busy.closed();
      await stopped;
    });
  });

  describe('of a scale-out service', function () {
    this.timeout(60_000); // servers hang and continue
    let exact: RunningApi;
    let stale: RunningApi;
    after(() => Promise.all([exact.stop(), stale.stop()]));
    const services = ownServices();

    before(async () => {
      const startStale = startApi({ env: { ...services.env, KEYBIN_QUEUE_STALE_READS: 'on' }, times: freshMonitoring });
      [exact, stale] = await Promise.all([startApi({ env: services.env, times: freshMonitoring }), startStale]);
    });

    const ready = [200, 'ready', { mongodb: 'up', redis: 'up' }];

    async function untilReady(): Promise<void> {
      for (const api of [exact, stale]) {
        await eventually(async () => (await readiness(api))[1] === 'ready', 'readiness');
        expect(await readiness(api)).to.deep.equal(ready);
      }
    }

    for (const [what, begin, end] of [
      ['is down', 'SIGKILL', undefined],
      ['hangs', 'SIGSTOP', 'SIGCONT'],
    ] as const) {
      it(`report while Redis ${what} that the API is live but cannot serve, unless stale reads are allowed`, async () => {
        await untilReady();
        await services.redis.kill(begin);
        expect(await readiness(exact)).to.deep.equal([503, 'unavailable', { mongodb: 'up', redis: 'down' }]);
        expect(await readiness(stale)).to.deep.equal([200, 'degraded', { mongodb: 'up', redis: 'down' }]);
        expect((await ask(exact, '/livez')).status).to.equal(200);
        await (end ? services.redis.kill(end) : services.redis.start());
        await untilReady();
      });

      it(`report while MongoDB ${what} that the API is live and degraded`, async () => {
        await untilReady();
        await services.mongod.kill(begin);
        for (const api of [exact, stale]) {
          expect(await readiness(api)).to.deep.equal([200, 'degraded', { mongodb: 'down', redis: 'up' }]);
          expect((await ask(api, '/livez')).status).to.equal(200);
        }
        await (end ? services.mongod.kill(end) : services.mongod.start());
        await untilReady();
      });
    }

    it('report the problem without an address, and what an acknowledged write survives', async () => {
      await untilReady();
      const told = async (name: string) =>
        // See docs/interfaces/service.md
        ((await ask(exact, '/readyz')).body['dependencies'] as Record<string, Record<string, unknown>>)[name];
      expect(await told('redis'))
        .to.include({ durability: 'always' })
        .and.not.to.have.property('problem');
      const redis = new Redis(services.redisUrl);
      await redis.config('SET', 'appendfsync', 'everysec');
      expect(await readiness(exact)).to.deep.equal([200, 'degraded', { mongodb: 'up', redis: 'up' }]);
      expect(await told('redis')).to.include({ status: 'up', durability: 'everysec' });
      expect((await told('redis'))?.['problem']).to.match(/appendfsync 'everysec'.*CONFIG SET/);
      await redis.config('SET', 'appendfsync', 'no');
      expect(await told('redis')).to.include({ durability: 'none' });
      await redis.config('SET', 'appendfsync', 'always');
      redis.disconnect();
      await services.redis.kill('SIGKILL');
      await eventually(
        async () => (await told('redis'))?.['problem'] === 'connection refused',
        'the reason why Redis is down',
      );
      await services.redis.start();
      await untilReady();
      await services.mongod.kill('SIGKILL');
      expect((await told('mongodb'))?.['problem'])
        .to.be.a('string')
        .and.not.include('127.0.0.1');
      await services.mongod.start();
      await untilReady();
    });

    it('report both while both are down', async () => {
      await untilReady();
      await Promise.all([services.redis.kill('SIGKILL'), services.mongod.kill('SIGKILL')]);
      expect(await readiness(exact)).to.deep.equal([503, 'unavailable', { mongodb: 'down', redis: 'down' }]);
      expect(await readiness(stale)).to.deep.equal([503, 'unavailable', { mongodb: 'down', redis: 'down' }]);
      await Promise.all([services.redis.start(), services.mongod.start()]);
      await untilReady();
    });
  });
});
