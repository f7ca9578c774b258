import { expect } from 'chai';
import { expectDone, expectInvalidToken, expectValue } from '../../contract/subjects/answers.js';
import { KeybinClient, send } from '../../world/clients/keybin-client.js';
import { eventually } from '../../world/eventually.js';
import { launchApi } from '../../world/processes/keybin-process.js';
import { startApi, startWorker } from '../../world/processes/keybin-service.js';
import type { Running, RunningApi, RunningWorker } from '../../world/processes/running.js';
import { HoldingProxy } from '../../world/scale-out/holding-proxy.js';
import type { RedisServer } from '../../world/services/redis-server.js';
import { ownServers, services } from '../../world/services/services.js';
import { scaledMs } from '../../world/calibration.js';
import { caughtUp, cutOff, follow, lead, startReplicable } from '../support/replicas.js';

const saysReplica = ({ output }: Running) => output.includes('Redis has become a replica');

/** Longest time in which a process notices that its Redis is a replica. */
const noticedWithinMs = 2_000;

describe('a failover of a single Redis that leaves connections open', function () {
  this.timeout(60_000); // two servers bring each other up to date
  ownServers('redis-server');
  const given = services();
  const running: Running[] = [];
  let first: RedisServer;
  let second: RedisServer;
  let endpoint: HoldingProxy;
  let api: RunningApi;
  let worker: RunningWorker;

  const envOf = (redisUrl: string) => ({ ...given.env, KEYBIN_QUEUE_REDIS: redisUrl });

  beforeEach(async () => {
    [first, second] = await Promise.all([startReplicable(), startReplicable()]);
    await follow(second, first);
    endpoint = await HoldingProxy.open(first.url);
    [api, worker] = await Promise.all([
      startApi({ env: envOf(endpoint.url) }),
      startWorker({ env: envOf(endpoint.url) }),
    ]);
    running.push(api, worker);
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.stop()));
    endpoint.close();
    await Promise.all([first.stop(), second.stop()]);
  });

  /** Makes `second` the primary, to which new connections lead. */
  async function failOver(): Promise<void> {
    await caughtUp(second, first);
    await lead(second);
    endpoint.lead(second.url);
  }

  it('is noticed by the API and the worker, which then use the new primary', async () => {
    const client = new KeybinClient(api.url);
    const { token } = await client.newAccount();
    expectDone(await client.put(token, 'before', 1));
    await eventually(async () => (await send(api.url, 'GET', '/readyz')).status === 200, 'readiness');
    await failOver();
    await follow(first, second);
    const movedMs = performance.now();
    await eventually(async () => (await client.put(token, 'after', 2)).status === 200, 'a write');
    await eventually(async () => (await client.get(token, 'after')).status === 200, 'a read');
    expect(performance.now() - movedMs).to.be.below(scaledMs(noticedWithinMs));
    expectValue(await client.get(token, 'before'), 1);
    expectValue(await client.get(token, 'after'), 2);
    for (const each of [api, worker]) await eventually(() => saysReplica(each), 'a line in the log');
    await eventually(async () => (await send(api.url, 'GET', '/readyz')).status === 200, 'readiness');
    const other = await startApi({ env: envOf(second.url) });
    running.push(other);
    expectValue(await new KeybinClient(other.url).get(token, 'after'), 2);
  });

  it('lets no stale value and no replaced token through, although the old primary still answers', async () => {
    const here = new KeybinClient(api.url);
    const { username, password, token } = await here.newAccount();
    expectDone(await here.put(token, 'k', 'old'));
    await eventually(async () => (await here.get(token, 'k')).status === 200, 'a read');
    await failOver();
    endpoint.lead(first.url); // a client that connects again still meets the old primary
    await cutOff(first);
    const other = await startApi({ env: envOf(second.url) });
    running.push(other);
    const there = new KeybinClient(other.url);
    await eventually(async () => {
      const { status, text } = await send(api.url, 'GET', '/readyz');
      return status === 503 && text.includes('"problem":"a replica, not the primary"');
    }, 'the API to notice');
    const replaced = await there.logIn(username, password);
    expectDone(await there.put(replaced, 'k', 'new'));
    for (let round = 0; round < 5; round++) {
      for (const each of [token, replaced]) expect((await here.get(each, 'k')).status).to.equal(503);
    }
    endpoint.lead(second.url);
    await eventually(async () => (await here.get(replaced, 'k')).status === 200, 'the new primary');
    expectValue(await here.get(replaced, 'k'), 'new');
    expectInvalidToken(await here.get(token, 'k'));
  });

  it('keeps an API from starting while its Redis is a replica, with the reason in the log', async () => {
    const waiting = launchApi({ env: envOf(second.url) });
    const reason = /Waiting: Redis at .* it is a replica: \[QUEUE\] redis must lead to the primary/;
    await eventually(() => reason.test(waiting.output), 'the reason', 20_000);
    await waiting.stop();
  });
});
