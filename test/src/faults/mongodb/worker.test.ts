import { expect } from 'chai';
import { Queue } from 'bullmq';
import type { Bearer } from '@keybin/shared/engines/scale-out/tokens/bearer.js';
import { put } from '../../world/scale-out/staged.js';
import { eventually } from '../../world/eventually.js';
import { launchWorker, spawnWorker, type WorkerProcess } from '../../world/processes/keybin-process.js';
import { startMongod, type MongoServer } from '../../world/services/mongo-server.js';
import { startRedis, type RedisServer } from '../../world/services/redis-server.js';
import { ownServers } from '../../world/services/services.js';
import { Partition } from '../../unit/worker/partition.js';

const keys = (prefix: string) => Array.from({ length: 200 }, (_, i) => `${prefix}${i}`);

describe('a worker whose services are down', function () {
  this.timeout(60_000); // processes start and die, on a machine that may be busy
  ownServers('redis-server', 'mongod');
  const database = 'keybin_test';
  let redis: RedisServer;
  let mongod: MongoServer;
  let env: Record<string, string>;
  let partition: Partition;
  let user: Bearer;
  let worker: WorkerProcess;

  beforeEach(async () => {
    redis = await startRedis();
    mongod = await startMongod();
    env = { KEYBIN_STORE_HOST: mongod.url, KEYBIN_STORE_DATABASE: database, KEYBIN_QUEUE_REDIS: redis.url };
    partition = await Partition.open({ redisUrl: redis.url, mongoUrl: mongod.url, database, env });
    user = await partition.account();
  });
  afterEach(async () => {
    await worker.stop();
    await partition.close();
    await mongod.stop();
    await redis.stop();
  });

  async function stageAll(names: readonly string[]): Promise<void> {
    const commits = partition.staged.commits();
    const answers = await Promise.all(names.map((key) => commits.accept(put(user, key, '1'))));
    expect(new Set(answers)).to.deep.equal(new Set(['accepted']));
  }

  const drained = () => eventually(async () => (await partition.pendingCount(user)) === 0, 'nothing pending', 40_000);
  const has = (text: string) => eventually(() => worker.child.output.includes(text), `"${text}" in the log`);
  const active = () => partition.staged.redis.lrange(`${partition.staged.prefix}:entries:active`, 0, -1);
  const ready = () => has('Worker is ready');

  it('applies the backlog when MongoDB is up again, and no job has used up an attempt', async () => {
    worker = await spawnWorker({ env });
    await ready();
    await mongod.kill('SIGKILL');
    await stageAll(keys('a'));
    await has('is retried until it succeeds');
    await stageAll(keys('b'));
    const [id] = await eventually(async () => (await active()).length > 0 && active(), 'an active job');
    const [attempts, failed] = await partition.staged.redis.hmget(
      `${partition.staged.prefix}:entries:${id}`,
      'atm',
      'failedReason',
    );
    expect([Number(attempts ?? 0), failed]).to.deep.equal([0, null]);
    await mongod.start();
    await drained();
    expect(await partition.staged.redis.zcard(`${partition.staged.prefix}:entries:failed`)).to.equal(0);
    expect(await partition.database.store.countDocuments()).to.equal(400);
  });

  it('writes the value that is pending when MongoDB is up again, not the one at the start of the outage', async () => {
    worker = await spawnWorker({ env });
    await ready();
    await mongod.kill('SIGKILL');
    await partition.stage(user, 'a', '"old"');
    await has('is retried until it succeeds');
    await partition.stage(user, 'a', '"new"');
    await mongod.start();
    await drained();
    expect((await partition.stored(user, 'a'))?.value).to.equal('"new"');
  });

  it('resumes when Redis is up again after a kill', async () => {
    worker = await spawnWorker({ env });
    await stageAll(keys('a'));
    await redis.kill('SIGKILL');
    await redis.start();
    await partition.staged.connection.ready(5_000);
    await partition.staged.giveRecord(user);
    await stageAll(keys('b'));
    await drained();
    expect(await partition.database.store.countDocuments()).to.equal(400);
  });

  it('waits for both at its start, and logs that', async () => {
    await stageAll(keys('a'));
    await Promise.all([redis.kill('SIGKILL'), mongod.kill('SIGKILL')]);
    worker = launchWorker({ env });
    await has('Waiting: MongoDB cannot be used: ');
    await mongod.start();
    await has('Waiting: Redis at ');
    await redis.start();
    await ready();
    await partition.staged.connection.ready(5_000);
    await drained();
  });

  it('gives its jobs back and exits with 0 on SIGTERM while MongoDB is down', async () => {
    worker = await spawnWorker({ env });
    await ready();
    await mongod.kill('SIGKILL');
    await stageAll(keys('a'));
    await has('is retried until it succeeds');
    const exit = await worker.child.stop();
    expect(exit.code).to.equal(0);
    const queue = new Queue('entries', { connection: partition.staged.redis, prefix: partition.staged.prefix });
    const counts = await queue.getJobCounts('wait', 'active', 'failed');
    expect(counts).to.include({ active: 0, failed: 0 });
    expect(counts['wait']).to.be.greaterThan(0);
    await queue.close();
    await mongod.start();
    worker = await spawnWorker({ env });
    await drained();
  });

  it('exits with 0 in time when MongoDB hangs', async () => {
    worker = await spawnWorker({ env: { ...env, KEYBIN_LIMITS_DRAIN_TIMEOUT: '3' } });
    await ready();
    await mongod.kill('SIGSTOP');
    await stageAll(keys('a'));
    await eventually(async () => (await active()).length > 0, 'an active job');
    const exit = await worker.child.stop();
    await mongod.kill('SIGCONT');
    expect(exit.code).to.equal(0);
  });

  it('exits at once with another code on the second signal', async () => {
    worker = await spawnWorker({ env });
    await ready();
    await mongod.kill('SIGSTOP');
    await stageAll(keys('a'));
    await eventually(async () => (await active()).length > 0, 'an active job');
    await redis.kill('SIGSTOP'); // the job can be neither finished nor returned
    await worker.kill('SIGTERM');
    await has('draining');
    const { child } = worker;
    // A second signal right after the first is its echo
    await eventually(async () => child.kill('SIGTERM').then(() => !child.alive), 'the end');
    const exit = await child.exited;
    await Promise.all([redis.kill('SIGCONT'), mongod.kill('SIGCONT')]);
    expect(exit.code).to.equal(1);
  });

  it('refuses a Redis that could lose writes, naming the setting', async () => {
    await partition.staged.redis.config('SET', 'appendfsync', 'everysec');
    worker = launchWorker({ env: { ...env, KEYBIN_QUEUE_DURABILITY: 'always' } });
    expect((await worker.child.exited).code).to.equal(1);
    expect(worker.output).to.contain('appendfsync');
  });
});
