import { join } from 'node:path';
import { expect } from 'chai';
import { epochKey, waitingKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import type { Diagnosis } from '@keybin/shared/ports/operations.js';
import { expectDone, expectInvalidToken, expectValue } from '../../contract/subjects/answers.js';
import { KeybinClient, type Account } from '../../world/clients/keybin-client.js';
import { eventually } from '../../world/eventually.js';
import { keybin } from '../../world/processes/keybin-command.js';
import { launchApi, launchWorker } from '../../world/processes/keybin-process.js';
import { startApi, startWorker } from '../../world/processes/keybin-service.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { clusterServices } from '../../world/services/cluster-services.js';
import { withEachPartition } from '../../world/services/each-partition.js';
import { queueIdIn, queueIdsIn } from '../../world/services/queue-prefix.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { ownServices, type Services } from '../../world/services/services.js';
import { storedDocuments } from '../../world/services/stored-documents.js';

const partitions = 3;
const partitioned = { KEYBIN_QUEUE_PARTITIONS: String(partitions) };

/** Registers accounts, each with a write that no worker has applied. They are unlikely to be all in one partition. */
async function leaveWaiting(client: KeybinClient, key: string): Promise<Account[]> {
  const accounts: Account[] = [];
  while (accounts.length < 12) {
    const account = await client.newAccount();
    expectDone(await client.put(account.token, key, 1));
    accounts.push(account);
  }
  return accounts;
}

/** Returns the entries that wait in a queue. */
const waitingIn = async (redisUrl: string, queueId: string): Promise<string[]> =>
  withEachPartition(
    redisUrl,
    partitions,
    async (each) => (await each((redis, prefix) => redis.zrange(waitingKey(prefix), '0', '-1'))).flat(),
    queueId,
  );

async function toldOfQueue(env: Readonly<Record<string, string>>): Promise<Diagnosis | undefined> {
  const { stdout } = await keybin(['doctor', '--json'], env);
  const { findings } = JSON.parse(stdout) as { findings: Diagnosis[] }; // as doctor.test.ts asserts
  return findings.find(({ check }) => check === 'queue');
}

const adopt = (queueId: string, env: Readonly<Record<string, string>>) =>
  keybin(['queue', 'adopt', queueId, '--json'], env);

/** Adopts as soon as the lease of a worker that was shut down has expired. */
const adoptSoon = (queueId: string, env: Readonly<Record<string, string>>) =>
  eventually(
    async () => {
      const result = await adopt(queueId, env);
      return !result.stderr.includes('processes use queue') && result;
    },
    'the end of a lease',
    20_000,
  );

for (const [place, provide] of [
  ['a Redis', ownServices],
  ['a Redis Cluster', clusterServices],
] as const) {
  sharingSuite(place, provide);
  adoptionSuite(place, provide);
}

function sharingSuite(place: string, provide: () => Services): void {
  describe(`two stores that share ${place}`, function () {
    this.timeout(60_000);
    const world = new ScaleOutWorld({ services: provide, env: partitioned });
    const { services } = world;
    let queueId: string;

    before('the queue of the first store', async () => {
      queueId = await queueIdIn(services.redisUrl);
    });

    for (const [what, another] of [
      ['database', { KEYBIN_STORE_DATABASE: 'another' }],
      ['collection of entries', { KEYBIN_STORE_STORE_COLLECTION: 'other_entries' }],
      ['collection of accounts', { KEYBIN_STORE_USERS_COLLECTION: 'other_accounts' }],
    ] as const) {
      it(`do not meet if they differ by their ${what}: a worker applies its own writes, and says what else waits`, async () => {
        const accounts = await leaveWaiting(world.here, 'ours');
        const ours = await waitingIn(services.redisUrl, queueId);
        const env = { ...services.env, ...partitioned, ...another };
        const api = await startApi({ env });
        const client = new KeybinClient(api.url);
        const { token } = await client.newAccount();
        expectDone(await client.put(token, 'theirs', 1));
        const worker = await startWorker({ env });
        try {
          const says = () => worker.output.includes(`${ours.length} writes of another store wait in queue ${queueId}`);
          await eventually(says, 'a warning of the worker');
          const their = 'KEYBIN_STORE_DATABASE' in another ? { ...services, database: 'another' } : services;
          const isApplied = async () => (await storedDocuments(their, /\/theirs$/)).length > 0;
          if (what !== 'collection of entries') await eventually(isApplied, 'the other write');
          expectValue(await client.get(token, 'theirs'), 1);
        } finally {
          await Promise.all([api.stop(), worker.stop()]);
        }
        expect(await waitingIn(services.redisUrl, queueId)).to.deep.equal(ours);
        for (const account of accounts) expectValue(await world.there.get(account.token, 'ours'), 1);
        const found = await toldOfQueue(env);
        expect(found).to.include({ state: 'warning' });
        expect(found?.says).to.include(`${ours.length} writes of another store wait in queue ${queueId}`);
        expect(found?.remedy).to.include('keybin queue adopt');
      });
    }

    it('are told apart by keybin doctor', async () => {
      expect((await toldOfQueue({ ...services.env, ...partitioned }))?.says).to.include(`store is ${queueId}`);
      const fresh = { ...services.env, ...partitioned, KEYBIN_STORE_DATABASE: 'fresh' };
      expect((await toldOfQueue(fresh))?.says).to.include('has no queue in Redis yet');
    });
  });
}

function adoptionSuite(place: string, provide: () => Services): void {
  describe(`the queue of a store that no longer exists, over ${place}`, function () {
    this.timeout(90_000);
    const world = new ScaleOutWorld({ services: provide, env: partitioned });
    const env = () => ({ ...world.services.env, ...partitioned });
    const restored = () => ({ ...env(), KEYBIN_STORE_DATABASE: 'restored' });

    it('is adopted by the store restored in its place: no pending write is lost', async () => {
      const queueId = await queueIdIn(world.services.redisUrl);
      const backup = join(temporaryDirectory(), 'backup.ndjson');
      const worker = await world.startWorker();
      const accounts = await leaveWaiting(world.here, 'stored');
      await world.drained();
      expect(await keybin(['export', backup], env())).to.include({ code: 0 });
      await worker.stop();
      for (const { token } of accounts) expectDone(await world.here.put(token, 'waits', 2));
      expect((await adopt(queueId, restored())).stderr).to.include(`processes use queue ${queueId}`);
      await Promise.all(world.apis.map((api) => api.stop()));

      expect(await keybin(['import', backup], restored())).to.include({ code: 0 });
      expect((await adoptSoon('00000000', restored())).stderr).to.include('no queue 00000000');
      for (const number of ['1', '4']) {
        const wrong = await adoptSoon(queueId, { ...restored(), KEYBIN_QUEUE_PARTITIONS: number });
        expect(wrong.stderr).to.match(/another number of partitions|partitions is/);
      }
      expect((await adopt(queueId, restored())).stdout).to.equal('{"outcome":"adopted"}\n');
      expect((await adopt(queueId, restored())).stdout).to.equal('{"outcome":"own"}\n');
      const [api, successor] = await Promise.all([startApi({ env: restored() }), startWorker({ env: restored() })]);
      try {
        const isApplied = async () => (await waitingIn(world.services.redisUrl, queueId)).length === 0;
        await eventually(isApplied, 'the pending writes');
        const client = new KeybinClient(api.url);
        for (const { username, password, token } of accounts) {
          expectInvalidToken(await client.get(token, 'stored')); // an import has no tokens
          const again = await client.logIn(username, password);
          expectValue(await client.get(again, 'stored'), 1);
          expectValue(await client.get(again, 'waits'), 2);
        }
      } finally {
        await Promise.all([api.stop(), successor.stop()]);
      }
    });

    it('is given back only when no write of the adopting store waits there', async () => {
      const { redisUrl } = world.services;
      const api = await startApi({ env: restored() });
      const client = new KeybinClient(api.url);
      const { token } = await client.newAccount();
      expectDone(await client.put(token, 'k', 1));
      await api.stop();
      const ids = await queueIdsIn(redisUrl);
      const adopted = await queueOfWaiting(redisUrl, ids);
      const own = ids.find((id) => id !== adopted);
      expect((await adoptSoon(String(own), restored())).stderr).to.include('are pending in its queue');
      const worker = await startWorker({ env: restored() });
      await eventually(async () => (await waitingIn(redisUrl, adopted)).length === 0, 'the write to be applied');
      await worker.stop();
      expect((await adoptSoon(String(own), restored())).stdout).to.equal('{"outcome":"adopted"}\n');
      const again = await startApi({ env: restored() });
      await again.stop();
    });
  });
}

/** Returns the first of the queues in which writes wait. */
async function queueOfWaiting(redisUrl: string, queueIds: readonly string[]): Promise<string> {
  for (const queueId of queueIds) if ((await waitingIn(redisUrl, queueId)).length > 0) return queueId;
  throw new Error('No write waits');
}

describe('a queue that cannot be used yet', function () {
  this.timeout(60_000);
  const services = ownServices();

  for (const [name, launch, isReady] of [
    ['a worker', launchWorker, 'Worker is ready'],
    ['an API', launchApi, 'Keybin listens on'],
  ] as const) {
    it(`is waited for by ${name}`, async () => {
      const { redis, mongod, env } = services;
      await mongod.stop();
      const process = launch({ env });
      const says = (line: string) => eventually(() => process.output.includes(line), line, 20_000);
      try {
        await says('Waiting: MongoDB cannot be used: ');
        await redis.kill('SIGSTOP');
        await mongod.start();
        await says('Waiting: Redis at ');
        await redis.kill('SIGCONT');
        await says('Waiting has ended');
        await says(isReady);
      } finally {
        await redis.kill('SIGCONT');
        await process.stop();
      }
    });
  }

  it('is no longer waited for by an API that gets SIGTERM', async () => {
    const { mongod, env } = services;
    await mongod.stop();
    const api = launchApi({ env });
    await eventually(() => api.output.includes('Waiting: '), 'waiting', 20_000);
    expect((await api.child.stop()).code).to.equal(0);
    await mongod.start();
  });

  it('because Redis accepts no writes is waited for, with a line that says so', async () => {
    const { redis } = services;
    const env = { ...services.env, ...partitioned };
    const before = await startApi({ env });
    await before.stop();
    await withEachPartition(redis.url, partitions, (each) =>
      each((client, prefix) => client.hdel(epochKey(prefix), 'server')),
    );
    await withEachPartition(redis.url, partitions, (each) =>
      each((client) => client.config('SET', 'min-replicas-to-write', '1')),
    );
    const api = launchApi({ env });
    await eventually(() => /Waiting: Redis at .*NOREPLICAS/.test(api.output), 'a line', 20_000);
    await withEachPartition(redis.url, partitions, (each) =>
      each((client) => client.config('SET', 'min-replicas-to-write', '0')),
    );
    await eventually(() => api.output.includes('Keybin listens on'), 'the start', 20_000);
    await api.stop();
  });
});
