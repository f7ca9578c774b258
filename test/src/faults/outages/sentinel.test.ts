import { expect } from 'chai';
import { expectDone, expectValue } from '../../contract/subjects/answers.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { eventually } from '../../world/eventually.js';
import { keybin } from '../../world/processes/keybin-command.js';
import { startApi, startWorker } from '../../world/processes/keybin-service.js';
import type { RunningApi, RunningWorker } from '../../world/processes/running.js';
import type { RedisServer } from '../../world/services/redis-server.js';
import { RedisSentinels } from '../../world/services/redis-sentinels.js';
import { ownServers, services } from '../../world/services/services.js';
import { follow, needsReplica, startReplicable } from '../support/replicas.js';

const failedOverWithinMs = 30_000;

/** Ways in which a primary is replaced. */
const ways: readonly {
  readonly what: string;
  readonly begin: (primary: RedisServer, sentinels: RedisSentinels) => Promise<unknown>;
  readonly end: (primary: RedisServer) => Promise<unknown>;
}[] = [
  { what: 'killed', begin: (primary) => primary.kill('SIGKILL'), end: (primary) => primary.start() },
  { what: 'hung', begin: (primary) => primary.kill('SIGSTOP'), end: (primary) => primary.kill('SIGCONT') },
  {
    what: 'demoted',
    begin: (_primary, sentinels) => sentinels.failOver(),
    end: async () => {},
  },
];

describe('a Redis behind sentinels', function () {
  this.timeout(120_000); // sentinels wait before they agree
  ownServers('redis-server', 'redis-sentinel');
  const given = services();
  let servers: RedisServer[] = [];
  let sentinels: RedisSentinels;
  let api: RunningApi;
  let worker: RunningWorker;
  const env = () => ({ ...given.env, KEYBIN_QUEUE_REDIS: sentinels.url });

  before(async () => {
    servers = await Promise.all([1, 2, 3].map(() => startReplicable(needsReplica)));
    const [first, ...others] = servers;
    if (!first) throw new Error('there are three');
    await Promise.all(others.map((each) => follow(each, first)));
    sentinels = await RedisSentinels.start(first);
    await eventually(async () => (await sentinels.replicas()) >= 2, 'the sentinels to know the replicas');
    [api, worker] = await Promise.all([startApi({ env: env() }), startWorker({ env: env() })]);
  });
  after(async () => {
    await api?.stop();
    await worker?.stop();
    await sentinels?.stop();
    await Promise.all(servers.map((each) => each.stop()));
  });

  async function primary(): Promise<RedisServer> {
    const port = await sentinels.primaryPort();
    const found = servers.find((each) => each.port === port);
    if (!found) throw new Error(`There is no Redis on port ${port}`);
    return found;
  }

  for (const { what, begin, end } of ways) {
    it(`whose primary is ${what}: the next one serves, and nothing acknowledged is lost`, async () => {
      const client = new KeybinClient(api.url);
      const { token } = await client.newAccount();
      for (let count = 0; count < 20; count++) expectDone(await client.put(token, `${what}_${count}`, count));
      const old = await primary();
      await begin(old, sentinels);
      const isNext = async () => (await primary()) !== old;
      await eventually(isNext, 'another primary', failedOverWithinMs);
      const write = async () => (await client.put(token, 'after', what)).status === 200;
      await eventually(write, 'a write', failedOverWithinMs);
      const read = async () => (await client.get(token, 'after')).status === 200;
      await eventually(read, 'a read', failedOverWithinMs);
      await end(old);
      for (let count = 0; count < 20; count++) expectValue(await client.get(token, `${what}_${count}`), count);
      expectValue(await client.get(token, 'after'), what);
      await eventually(async () => (await sentinels.replicas()) >= 2, 'all servers to be back', failedOverWithinMs);
    });
  }

  it('is what keybin doctor and keybin queue look at', async () => {
    expect(await keybin(['queue', 'status'], env())).to.include({ code: 0 });
    expect((await keybin(['doctor'], env())).stdout).to.match(/^ok +writes/m);
  });
});
