import { expect } from 'chai';
import { Redis } from 'ioredis';
import { expectDone, expectValue } from '../../contract/subjects/answers.js';
import { KeybinClient, send } from '../../world/clients/keybin-client.js';
import { eventually } from '../../world/eventually.js';
import { keybin } from '../../world/processes/keybin-command.js';
import { startApi, startWorker } from '../../world/processes/keybin-service.js';
import type { RunningApi, RunningWorker } from '../../world/processes/running.js';
import { startRedis, type RedisServer } from '../../world/services/redis-server.js';
import { ownServers, services } from '../../world/services/services.js';
import { expectUnavailable } from '../support/answers.js';
import { withRedis } from '../support/with-redis.js';

/** Makes Redis load a key each 20 ms, and answer between any two of them. */
const slowly = '--key-load-delay 20000 --loading-process-events-interval-bytes 1024 --rdbcompression no'.split(' ');
const loadedKeys = 3_000;
const loadedBytes = 1_500;

describe('a Redis that is still loading its data', function () {
  this.timeout(60_000);
  ownServers('redis-server');
  const given = services();
  let redis: RedisServer;
  let api: RunningApi;
  let worker: RunningWorker;
  const env = () => ({ ...given.env, KEYBIN_QUEUE_REDIS: redis.url });

  before(async () => {
    redis = await startRedis({ args: slowly });
    [api, worker] = await Promise.all([startApi({ env: env() }), startWorker({ env: env() })]);
  });
  after(async () => {
    await api?.stop();
    await worker?.stop();
    await redis?.stop();
  });

  /** Fills Redis with what it loads slowly: only the snapshot in its append-only file is loaded key by key. */
  const fill = () =>
    withRedis(redis.url, async (client) => {
      const pipeline = client.pipeline();
      for (let key = 0; key < loadedKeys; key++) pipeline.set(`foreign:${key}`, 'x'.repeat(loadedBytes));
      await pipeline.exec();
      await client.bgrewriteaof();
      const isDone = async () =>
        /aof_rewrite_in_progress:0[^]*aof_rewrite_scheduled:0/.test(await client.info('persistence'));
      await eventually(isDone, 'a snapshot');
    });

  it('is told as such by probes and doctor; requests get 503 in time, and nothing is lost', async () => {
    const client = new KeybinClient(api.url);
    const { token } = await client.newAccount();
    expectDone(await client.put(token, 'k', 'before'));
    await fill();
    await redis.kill('SIGKILL');
    const started = redis.start();
    const asking = new Redis(redis.url, { enableReadyCheck: false });
    asking.on('error', () => {}); // it does not listen yet
    try {
      await eventually(async () => /LOADING/.test(await asking.ping().catch(String)), 'Redis to load');
      for (const { url } of [api, worker]) {
        const isTold = async () => /"problem":"still loading its data"/.test((await send(url, 'GET', '/readyz')).text);
        await eventually(isTold, 'the reason');
        expect((await send(url, 'GET', '/readyz')).status).to.equal(503);
      }
      await expectUnavailable({ put: () => client.put(token, 'k', 'meanwhile'), get: () => client.get(token, 'k') });
      expect((await keybin(['doctor'], env())).stdout).to.match(/loading/);
      await asking.config('SET', 'key-load-delay', '0');
      await started;
    } finally {
      asking.disconnect();
    }
    await eventually(async () => (await send(api.url, 'GET', '/readyz')).status === 200, 'readiness');
    expectValue(await client.get(token, 'k'), 'before');
    expectDone(await client.put(token, 'k', 'after'));
    expectValue(await client.get(token, 'k'), 'after');
  });
});
