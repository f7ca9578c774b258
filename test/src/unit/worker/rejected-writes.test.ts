import { expect } from 'chai';
import { Queue, type Job } from 'bullmq';
import { MongoClient } from 'mongodb';
import type { Bearer } from '@keybin/shared/engines/scale-out/tokens/bearer.js';
import type { EntriesJobData, RejectedJob } from '@keybin/shared/engines/scale-out/queue/partition-queue.js';
import { eventually } from '../../world/eventually.js';
import { startWorker } from '../../world/processes/keybin-service.js';
import type { RunningWorker } from '../../world/processes/running.js';

import { services } from '../../world/services/services.js';
import { Partition } from './partition.js';

describe('a write that MongoDB rejects', () => {
  // registered first, so that it runs before the servers are stopped
  after(async () => {
    await worker?.stop();
    await queue?.close();
    await mongo?.close();
    await partition?.close();
  });
  const world = services();
  let partition: Partition;
  let mongo: MongoClient;
  let queue: Queue<EntriesJobData>;
  let worker: RunningWorker;
  let user: Bearer;

  before(async () => {
    partition = await Partition.open(world);
    mongo = await MongoClient.connect(world.mongoUrl);
    const { redis, prefix } = partition.staged;
    queue = new Queue('entries', { connection: redis, prefix });
    worker = await startWorker({ env: { ...world.env, KEYBIN_QUEUE_SWEEP_AFTER: '1' } });
  });

  beforeEach(async () => {
    user = await partition.account();
    await refuse({ value: { $not: /POISON/ } });
  });

  async function refuse(validator: Record<string, unknown>): Promise<void> {
    const { store } = partition.database;
    await store.updateOne({ _id: 'x/there' }, { $set: { version: 1 } }, { upsert: true });
    await mongo.db(world.database).command({ collMod: store.collectionName, validator });
  }

  /** Waits for the failed job of this account. */
  const failedJob = () =>
    eventually(async () => {
      const jobs = await queue.getFailed();
      // No other kind of job fails
      return jobs.find(({ data }) => (data as RejectedJob['data']).userId === user.userId);
    }, 'a failed job');

  const applied = (key: string) =>
    eventually(async () => (await partition.stored(user, key))?.value !== undefined, `${key} in MongoDB`);

  async function poison(): Promise<Job<EntriesJobData>> {
    await partition.stage(user, 'rejected', '"POISON"');
    return failedJob();
  }

  it('has a failed job with its reason, stays readable and blocks nothing', async () => {
    const staged = ['a', 'rejected', 'b'].map((key) =>
      partition.stage(user, key, key === 'rejected' ? '"POISON"' : '1'),
    );
    await Promise.all(staged);
    const job = await failedJob();
    expect(job.name).to.equal('rejected');
    expect(job.failedReason).to.match(/validation/);
    await applied('a');
    await applied('b');
    expect(await partition.shown(user, 'rejected')).to.equal('"POISON"');
    expect(JSON.stringify(job)).not.to.contain('POISON');
  });

  it('is not retried by itself, but a newer write of its key is applied', async () => {
    await poison();
    await eventually(async () => (await partition.waitsSince(user, 'rejected')) === undefined, 'a rejected entry');
    await partition.apply(user, 'rejected');
    expect(await partition.stored(user, 'rejected')).to.equal(null);
    await partition.stage(user, 'rejected', '"fine"');
    await applied('rejected');
    await eventually(async () => (await partition.pendingCount(user)) === 0, 'nothing pending');
    expect(await partition.rejectedWrites.find({ userId: user.userId, key: 'rejected' })).to.equal(undefined);
  });

  it('is applied by a retry of its job once the cause is gone', async () => {
    const job = await poison();
    await refuse({});
    await job.retry();
    await applied('rejected');
    await eventually(async () => (await partition.pendingCount(user)) === 0, 'nothing pending');
    await eventually(async () => (await queue.getJob(job.id ?? '')) === undefined, 'the end of the job');
    expect(await partition.rejectedWrites.find({ userId: user.userId, key: 'rejected' })).to.equal(undefined);
  });

  it('fails the same job again if the retry fails', async () => {
    const job = await poison();
    await job.retry();
    const again = await eventually(async () => {
      const failed = await failedJob();
      return failed.attemptsMade === 2 && failed;
    }, 'a second failure');
    expect(again.id).to.equal(job.id);
    expect(await partition.shown(user, 'rejected')).to.equal('"POISON"');
  });

  it('is found by bisection if the whole command fails with it', async () => {
    const keys = ['a', 'b', 'c', 'd', 'e'];
    for (const key of keys) await partition.stage(user, key, '1');
    const tooLarge = `"${'x'.repeat(17 * 1024 * 1024)}"`;
    await partition.stage(user, 'rejected', tooLarge);
    await failedJob();
    for (const key of keys) await applied(key);
    expect((await partition.shown(user, 'rejected'))?.length).to.equal(tooLarge.length);
  });
});
