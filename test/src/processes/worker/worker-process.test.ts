import { expect } from 'chai';
import { Queue } from 'bullmq';
import type { Bearer } from '@keybin/shared/engines/scale-out/tokens/bearer.js';
import { ErasureRecords } from '@keybin/shared/engines/scale-out/accounts/erasure-records.js';
import { tokenIndexKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { HoldingProxy } from '../../world/scale-out/holding-proxy.js';
import { queueIdIn } from '../../world/services/queue-prefix.js';
import { Staged, newBearer, put } from '../../world/scale-out/staged.js';
import { failedJobs, withQueue } from '../../faults/support/jobs.js';
import { eventually } from '../../world/eventually.js';
import { spawnWorker, type WorkerProcess } from '../../world/processes/keybin-process.js';
import { ownServices } from '../../world/services/services.js';
import { Partition } from '../../unit/worker/partition.js';

describe('a worker process', function () {
  this.timeout(60_000); // processes start and die, on a machine that may be busy
  // Registered first, so that it runs before the servers stop
  after(() => partition?.close());
  const world = ownServices();
  let partition: Partition;
  let user: Bearer;
  let workers: WorkerProcess[];

  before(async () => {
    partition = await Partition.open(world);
  });

  beforeEach(async () => {
    workers = [];
    await partition.staged.redis.flushdb();
    user = await partition.account();
  });
  afterEach(async () => {
    for (const worker of workers) await worker.stop();
  });

  async function start(env: Record<string, string> = {}): Promise<WorkerProcess> {
    const worker = await spawnWorker({ env: { ...world.env, ...env } });
    workers.push(worker);
    return worker;
  }

  /** Accepts `value(0)`, `value(1)`... under the keys, all at the same time. */
  async function stageAll(keys: readonly string[], value: (position: number) => string): Promise<void> {
    const commits = partition.staged.commits();
    await Promise.all(keys.map((key, position) => commits.accept(put(user, key, value(position)))));
  }

  const drained = (what = 'nothing pending', timeoutMs = 40_000) =>
    eventually(async () => (await partition.pendingCount(user)) === 0, what, timeoutMs);

  const storedCount = () => partition.database.store.countDocuments({ _id: { $regex: `^${user.userId}/` } });

  it('applies accepted writes and leaves no job behind', async () => {
    await start();
    await stageAll(['a', 'b'], String);
    await drained();
    expect((await partition.stored(user, 'b'))?.value).to.equal('1');
    await eventually(async () => (await partition.staged.redis.keys('*:entries:[0-9]*')).length === 0, 'no job left');
    expect(await partition.staged.bytes()).to.equal(0);
  });

  it('loses nothing if it is killed while it applies', async () => {
    const keys = Array.from({ length: 1_500 }, (_, i) => `k${i}`);
    const settled = 300;
    const mongoWay = await HoldingProxy.open(world.mongoUrl);
    try {
      const mongoUrl = `mongodb://127.0.0.1:${mongoWay.port}/`;
      const first = await start({ KEYBIN_STORE_HOST: mongoUrl, KEYBIN_WORKER_BATCH_ENTRIES: '100' });
      await stageAll(keys.slice(0, settled), String);
      await drained();
      mongoWay.hold(); // what it applies from now on it cannot settle
      await stageAll(keys.slice(settled), (position) => String(settled + position));
      await eventually(async () => (await storedCount()) > settled, 'further entries in MongoDB');
      await first.kill('SIGKILL');
    } finally {
      mongoWay.close();
    }
    expect(await partition.pendingCount(user)).to.equal(keys.length - settled);
    expect(await storedCount()).to.be.below(keys.length);
    await start();
    await drained();
    expect(await storedCount()).to.equal(keys.length);
    for (const i of [0, 750, 1_499]) expect((await partition.stored(user, `k${i}`))?.value).to.equal(String(i));
  });

  it('stores the last accepted write of each key with two workers, one of which is paused and another killed', async () => {
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    const [paused, killed] = [await start(), await start()];
    for (let round = 0; round < 30; round += 1) {
      await stageAll(keys, (position) => `${round * 100 + position}`);
      if (round === 10) await paused.kill('SIGSTOP');
      if (round === 20) await killed.kill('SIGKILL');
    }
    await start();
    await drained();
    await paused.kill('SIGCONT');
    await paused.stop();
    expect(await partition.pendingCount(user)).to.equal(0);
    for (const [position, key] of keys.entries()) {
      expect((await partition.stored(user, key))?.value).to.equal(String(2_900 + position));
    }
  });

  it('processes a job again, however often its workers have died', async () => {
    await stageAll(['a'], String);
    await withQueue(world.redisUrl, async (queue) => {
      for (const { id = '' } of await queue.getWaiting()) {
        await partition.staged.redis.lmove(queue.toKey('wait'), queue.toKey('active'), 'RIGHT', 'LEFT');
        await partition.staged.redis.hset(queue.toKey(id), 'stc', 1_000_000); // BullMQ's count of stalls
      }
    });
    await start({ KEYBIN_QUEUE_SWEEP_AFTER: '3600' });
    await drained();
    expect(await failedJobs(world.redisUrl)).to.equal(0);
  });

  it('applies writes that have lost their job', async () => {
    await stageAll(['a'], String);
    const queue = new Queue('entries', { connection: partition.staged.redis, prefix: partition.staged.prefix });
    await queue.obliterate();
    await start({ KEYBIN_QUEUE_SWEEP_AFTER: '1' });
    await drained();
    await queue.close();
  });

  it('applies overdue writes while the queue is paused', async () => {
    await stageAll(['a'], String);
    const queue = new Queue('entries', { connection: partition.staged.redis, prefix: partition.staged.prefix });
    await queue.pause();
    await start({ KEYBIN_QUEUE_SWEEP_AFTER: '1' });
    await drained();
    await queue.close();
  });

  it('drains a Redis that is at maxmemory', async () => {
    await stageAll(['a', 'b'], String);
    await start({ KEYBIN_QUEUE_SWEEP_AFTER: '1' });
    await partition.staged.redis.config('SET', 'maxmemory', '1');
    try {
      await drained();
    } finally {
      await partition.staged.redis.config('SET', 'maxmemory', '0');
    }
    expect(await partition.staged.bytes()).to.equal(0);
  });

  it('erases an account in the background', async () => {
    await stageAll(['a'], String);
    await partition.apply(user, 'a');
    const { userId, client, tokenHash: hash } = user;
    const lifetime = { issued_at: new Date(), expires_at: new Date(Date.now() + 60_000) };
    await partition.database.tokens.insertOne({
      _id: `${userId}/${client}`,
      user_id: userId,
      client,
      hash,
      ...lifetime,
    });
    await partition.staged.redis.set(tokenIndexKey(partition.staged.prefix, hash), JSON.stringify([userId, client]));
    await start();
    await new ErasureRecords(partition.database).put(userId, new Date());
    await partition.staged.queue.add({ name: 'erase', data: { userId } });
    const tokenCount = () => partition.database.tokens.countDocuments({ user_id: userId });
    await eventually(async () => (await tokenCount()) === 0, 'no token of the account');
    expect(await storedCount()).to.equal(0);
    expect(await partition.staged.redis.exists(tokenIndexKey(partition.staged.prefix, hash))).to.equal(0);
    await partition.database.erasures.deleteMany({}); // workers would repeat it for a day
  });

  it('finishes an erasure that only MongoDB knows of', async () => {
    await stageAll(['a', 'b'], String);
    await partition.apply(user, 'a');
    await new ErasureRecords(partition.database).put(user.userId, new Date(0));
    await start();
    await eventually(async () => (await storedCount()) === 0, 'no entry of the account');
    expect(await partition.pendingCount(user)).to.equal(0);
    const recorded = () => partition.database.erasures.countDocuments({ _id: user.userId });
    await eventually(async () => (await recorded()) === 0, 'the end of the erasure');
  });

  it('applies the entries of every partition', async () => {
    const partitions = 3;
    const last = await Staged.open(world.redisUrl, partitions - 1, await queueIdIn(world.redisUrl));
    let bearer = newBearer(partitions);
    while (bearer.partition !== last.partition) bearer = newBearer(partitions);
    await last.giveRecord(bearer);
    await last.commits().accept(put(bearer, 'a', '1'));
    await start({ KEYBIN_QUEUE_PARTITIONS: String(partitions) });
    await eventually(async () => (await last.waiting()).length === 0, 'nothing pending in the last partition');
    expect((await partition.stored(bearer, 'a'))?.value).to.equal('1');
    await last.close();
  });

  it('continues after Redis forgot all scripts', async () => {
    await start();
    await stageAll(['a'], String);
    await drained();
    await partition.staged.redis.script('FLUSH');
    await stageAll(['b'], String);
    await drained();
  });
});
