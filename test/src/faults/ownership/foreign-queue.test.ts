import { join } from 'node:path';
import { expect } from 'chai';
import { epochKey, partitionPrefix, waitingKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import type { Diagnosis } from '@keybin/shared/ports/operations.js';
import type { Redis } from 'ioredis';
import { expectDone, expectInvalidToken, expectValue } from '../../contract/subjects/answers.js';
import { clusterServices } from '../../world/services/cluster-services.js';
import { withEachPartition } from '../../world/services/each-partition.js';
import { eventually } from '../../world/eventually.js';
import { KeybinClient, type Account } from '../../world/clients/keybin-client.js';
import { keybin, type CommandResult } from '../../world/processes/keybin-command.js';
import { launchWorker } from '../../world/processes/keybin-process.js';
import { startApi, startWorker } from '../../world/processes/keybin-service.js';

import { startMongod } from '../../world/services/mongo-server.js';
import { RedisServer } from '../../world/services/redis-server.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { ownServices, type Services } from '../../world/services/services.js';
import { times } from '../../world/times.js';
import { storedDocuments } from '../../world/services/stored-documents.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { expectUnavailable, serves } from '../support/answers.js';

const partitions = 3;
const partitioned = { KEYBIN_QUEUE_PARTITIONS: String(partitions) };

/** Returns the answers of `ask` for all partitions. */
const ofEach = <T>(redisUrl: string, ask: (redis: Redis, prefix: string) => Promise<T>): Promise<T[]> =>
  withEachPartition(redisUrl, partitions, (each) => each(ask));

const claimsIn = (redisUrl: string) => ofEach(redisUrl, (redis, prefix) => redis.hget(epochKey(prefix), 'store'));
const livesIn = (redisUrl: string) => ofEach(redisUrl, (redis, prefix) => redis.hgetall(epochKey(prefix)));
const claimFor = (redisUrl: string, store: string) =>
  ofEach(redisUrl, (redis, prefix) => redis.hset(epochKey(prefix), 'store', store));
const waitingIn = (redisUrl: string) =>
  ofEach(redisUrl, (redis, prefix) => redis.zrange(waitingKey(prefix), '0', '-1'));

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

type Env = Readonly<Record<string, string>>;

const toldByDoctor = async (env: Env) => (await keybin(['doctor'], env)).stdout;

const adopt = (env: Env) => keybin(['queue', 'adopt', '--json'], env);

/** Runs `adopt` until the lease of a stopped or hanging worker has expired, and returns its result. */
async function adoptSoon(env: Env): Promise<CommandResult> {
  const isOver = async () => {
    const result = await adopt(env);
    return !result.stderr.includes('a worker is running') && result;
  };
  return eventually(isOver, 'the end of a lease', 20_000);
}

for (const [place, provide] of [
  ['a Redis', ownServices],
  ['a Redis Cluster', clusterServices],
] as const) {
  refusalSuite(place, provide);
  adoptionSuite(place, provide);
}

function refusalSuite(place: string, provide: () => Services): void {
  describe(`the queue of another store, over ${place}`, function () {
    this.timeout(60_000); // processes start, on a machine that may be busy
    const world = new ScaleOutWorld({ services: provide, env: partitioned });
    const { services } = world;

    for (const [what, another] of [
      ['database', { KEYBIN_STORE_DATABASE: 'another' }],
      ['collection of entries', { KEYBIN_STORE_STORE_COLLECTION: 'another' }],
      ['collection of accounts', { KEYBIN_STORE_USERS_COLLECTION: 'another' }],
    ] as const) {
      const env = () => ({ ...services.env, ...partitioned, ...another });

      it(`is not served with another ${what}: neither an API nor a worker starts, and nothing changes`, async () => {
        await leaveWaiting(world.here, 'waits');
        const before = [await waitingIn(services.redisUrl), await livesIn(services.redisUrl)];
        expect(before[0]?.flat()).not.to.have.length(0);
        for (const start of [startApi, startWorker]) {
          const refused = await start({ env: env() }).catch((error: unknown) => String(error));
          expect(refused).to.include('The queue in Redis belongs to another store').and.include('keybin queue adopt');
        }
        expect([await waitingIn(services.redisUrl), await livesIn(services.redisUrl)]).to.deep.equal(before);
      });

      it(`is reported by keybin doctor, and not exported, with another ${what}`, async () => {
        const { stdout } = await keybin(['doctor', '--json'], env());
        const { findings } = JSON.parse(stdout) as { findings: Diagnosis[] }; // as doctor.test.ts asserts
        const found = findings.find(({ check }) => check === 'queue');
        expect(found).to.include({ state: 'problem', says: 'The queue in Redis belongs to another store' });
        expect(found?.remedy).to.include('collections in [STORE]');
        const exported = await keybin(['export', join(temporaryDirectory(), 'export.ndjson')], env());
        expect(exported).to.include({ code: 1, stdout: '' });
        expect(exported.stderr)
          .to.include('another store')
          .and.match(/^[^\n]+\n$/);
      });
    }

    it('is distinguished by keybin doctor from its own queue and from one without an owner', async () => {
      const env = { ...services.env, ...partitioned };
      expect(await toldByDoctor(env)).to.match(/^ok +queue: .*belongs to this store$/m);
      const more = { KEYBIN_QUEUE_PARTITIONS: String(partitions + 1), KEYBIN_STORE_DATABASE: services.database };
      expect(await toldByDoctor({ ...env, ...more })).to.match(/^ok +queue: .*has no owner yet/m);
    });

    it('does not result from emptying Redis: the running processes claim the queue again', async () => {
      const own = await claimsIn(services.redisUrl);
      expect(new Set(own)).to.have.property('size', 1);
      await ofEach(services.redisUrl, (redis) => redis.flushall());
      const isClaimed = async () => (await claimsIn(services.redisUrl)).every((claim) => claim !== null);
      await eventually(isClaimed, 'a claim of each partition');
      expect(await claimsIn(services.redisUrl)).to.deep.equal(own);
    });

    it('is not served by running processes until it is their own again', async () => {
      const accounts = await leaveWaiting(world.here, 'k');
      const [own] = await claimsIn(services.redisUrl);
      await claimFor(services.redisUrl, 'another');
      for (const client of [world.here, world.there]) {
        for (const { token } of accounts) {
          const calls = { put: () => client.put(token, 'k', 2), keys: () => client.keys(token) };
          for (const call of Object.values(calls)) {
            await eventually(async () => (await call()).status === 503, 'it to be refused');
          }
          await expectUnavailable(calls);
        }
      }
      expect(await claimsIn(services.redisUrl)).to.deep.equal(Array(partitions).fill('another'));
      await claimFor(services.redisUrl, String(own));
      for (const account of accounts) await serves(world.there, account);
    });
  });
}

function adoptionSuite(place: string, provide: () => Services): void {
  describe(`the queue of a store that no longer exists, over ${place}`, function () {
    this.timeout(90_000); // processes start, on a machine that may be busy, and a lease expires
    const world = new ScaleOutWorld({ services: provide, env: partitioned });

    it('is adopted by the store restored in its place: no pending write is lost', async () => {
      const old = { ...world.services.env, ...partitioned };
      const [claimed] = await claimsIn(world.services.redisUrl);
      const restored = { ...old, KEYBIN_STORE_DATABASE: 'restored' };
      const backup = join(temporaryDirectory(), 'backup.ndjson');
      const worker = await world.startWorker();
      const accounts = await leaveWaiting(world.here, 'stored');
      await world.drained();
      expect(await keybin(['export', backup], old)).to.include({ code: 0 });
      expect((await adopt(restored)).stderr).to.include('a worker is running');
      await worker.stop();
      for (const { token } of accounts) expectDone(await world.here.put(token, 'waits', 2));

      expect((await keybin(['import', backup], restored)).stderr).to.include('keybin queue adopt');
      for (const number of ['1', '4']) {
        const wrong = await adoptSoon({ ...restored, KEYBIN_QUEUE_PARTITIONS: number });
        expect(wrong.stderr).to.include('another number of partitions');
      }
      expect((await adoptSoon(restored)).stdout).to.equal('{"outcome":"adopted"}\n');
      expect((await adopt(restored)).stdout).to.equal('{"outcome":"own"}\n');
      expect(await keybin(['import', backup], restored)).to.include({ code: 0 });
      const [api, successor] = await Promise.all([startApi({ env: restored }), startWorker({ env: restored })]);
      try {
        await world.drained();
        const client = new KeybinClient(api.url);
        for (const { username, password, token } of accounts) {
          expectInvalidToken(await client.get(token, 'stored')); // an import has no tokens
          const again = await client.logIn(username, password);
          expectValue(await client.get(again, 'stored'), 1);
          expectValue(await client.get(again, 'waits'), 2);
        }
        for (const { token } of accounts) {
          // Until it looks at the owner, once a second, an API of the old store only misses the records of its tokens
          await eventually(async () => (await world.here.get(token, 'waits')).status === 503, 'a look at the owner');
          await expectUnavailable({ put: () => world.here.put(token, 'k', 1) });
        }
      } finally {
        await Promise.all([api.stop(), successor.stop()]);
      }
      const own = await adoptSoon(old);
      expect(own.stdout).to.equal('{"outcome":"adopted"}\n'); // adopted back, even from a mix of owners
      await ofEach(world.services.redisUrl, async (redis, prefix) => {
        if (prefix === partitionPrefix(1)) await redis.hset(epochKey(prefix), 'store', 'another');
      });
      expect((await adopt(old)).stdout).to.equal('{"outcome":"adopted"}\n');
      expect(await claimsIn(world.services.redisUrl)).to.deep.equal(Array(partitions).fill(claimed));
    });

    it('is adopted as a whole, so that the number of partitions can change again', async () => {
      const successor = { ...world.services.env, KEYBIN_STORE_DATABASE: 'successor' };
      const fewer = { ...successor, KEYBIN_QUEUE_PARTITIONS: '2' };
      await world.drained();
      expect((await adoptSoon(fewer)).stdout).to.equal('{"outcome":"adopted"}\n');
      for (const env of [fewer, { ...successor, ...partitioned }]) {
        const api = await startApi({ env });
        await api.stop();
      }
    });
  });
}

describe('the queue of a store that was wrongly believed to be gone', function () {
  this.timeout(90_000); // a batch times out, and a lease expires
  const sweptSoon = { KEYBIN_QUEUE_SWEEP_AFTER: '2' };
  // The worker sweeps entries that hang with MongoDB, and does not renew the lease of its partition meanwhile
  const world = new ScaleOutWorld({ services: ownServices, times, workers: 1, env: sweptSoon });

  it('stays adopted although the workers of that store only hung with MongoDB', async () => {
    const { mongod } = world.services;
    const account = await world.here.newAccount();
    const workerSays = (line: string) => () =>
      world.outputs.some(([name, output]) => name.startsWith('worker') && output.includes(line));
    const other = await startMongod();
    const env = { ...world.services.env, ...sweptSoon, KEYBIN_STORE_HOST: other.url };
    try {
      await mongod.kill('SIGSTOP');
      expectDone(await world.here.put(account.token, 'late', 1));
      await eventually(workerSays('Applying entries failed'), 'an attempt of the worker', 30_000);
      expect((await adoptSoon(env)).stdout).to.equal('{"outcome":"adopted"}\n');
      await mongod.kill('SIGCONT');
      await eventually(workerSays('The queue in Redis belongs to another store'), 'the worker to say so');
      expect((await waitingIn(world.services.redisUrl)).flat()).to.have.length(1);

      const successor = await startWorker({ env });
      const isApplied = async () => (await waitingIn(world.services.redisUrl)).flat().length === 0;
      await eventually(isApplied, 'the sweeper: the job is in the hands of the other worker', 20_000);
      await successor.stop();
      const stored = await storedDocuments({ ...world.services, mongoUrl: other.url }, /\/late$/);
      expect(stored.map(({ value }) => String(value))).to.deep.equal(['1']);
    } finally {
      await mongod.kill('SIGCONT');
      await other.stop();
    }
  });
});

describe('a queue that cannot be claimed yet', function () {
  this.timeout(60_000);
  const services = ownServices();

  it('is waited for by a worker', async () => {
    const { redis, mongod, env } = services;
    await mongod.stop();
    const worker = launchWorker({ env });
    const says = (line: string) => eventually(() => worker.child.output.includes(line), line, 20_000);
    try {
      await says('Waiting for MongoDB');
      await redis.kill('SIGSTOP');
      await mongod.start();
      await says('Waiting for Redis and MongoDB');
      await redis.kill('SIGCONT');
      await says('Worker is ready');
    } finally {
      await redis.kill('SIGCONT');
      await worker.stop();
    }
  });

  it('because Redis accepts no writes makes an API exit at start with a line that says so', async () => {
    const { redis } = services;
    const env = { ...services.env, ...partitioned };
    const before = await startApi({ env });
    await before.stop();
    // As an older Keybin left it
    await ofEach(redis.url, async (client, prefix) => client.hdel(epochKey(prefix), 'store'));
    await ofEach(redis.url, async (client) => client.config('SET', 'min-replicas-to-write', '1'));
    const refused = await startApi({ env }).catch((error: unknown) => String(error));
    expect(refused).to.match(/cannot be used: .*NOREPLICAS/);
  });
});

describe('the queue of another store that replaces the own queue of a running API and worker', function () {
  this.timeout(60_000);
  const world = new ScaleOutWorld({ services: ownServices, times });
  const strangers = new ScaleOutWorld({ services: ownServices, times, workers: 1 });
  let inItsPlace: RedisServer;

  before(() => {
    inItsPlace = new RedisServer(strangers.services.redis.port, { args: ['--dir', world.services.redis.dir] });
  });
  after(() => inItsPlace.stop());

  it('is not applied by them, and they serve again as soon as their own queue is back', async () => {
    const [own, their] = [world.services.redis, strangers.services.redis];
    const account = await strangers.here.newAccount();
    const { token } = await world.here.newAccount();
    expectDone(await world.here.put(token, 'ours', 1)); // no worker of this store runs
    await strangers.drained();

    await Promise.all([own.stop(), their.stop()]);
    await inItsPlace.start();
    for (const [name] of strangers.outputs) {
      const isRefused = () => strangers.outputs.some(([by, output]) => by === name && output.includes('another store'));
      await eventually(isRefused, `${name} to say so`);
    }
    await expectUnavailable({ put: () => strangers.here.put(account.token, 'k', 1) });
    expect((await waitingIn(inItsPlace.url)).flat()).to.have.length(1);
    await inItsPlace.stop();
    expect(await storedDocuments(strangers.services, /\/ours$/)).to.deep.equal([]);

    await Promise.all([own.start(), their.start()]);
    await serves(strangers.here, account);
    await world.startWorker();
    await world.drained();
    await eventually(async () => (await world.here.get(token, 'ours')).status === 200, 'a read');
    expectValue(await world.here.get(token, 'ours'), 1);
    expect(await storedDocuments(world.services, /\/ours$/)).to.have.length(1);
  });
});
