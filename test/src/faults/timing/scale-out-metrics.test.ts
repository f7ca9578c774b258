import { expect } from 'chai';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { definitions, type Definition } from '@keybin/shared/metrics/definitions.js';
import { eventually } from '../../world/eventually.js';
import { startApi } from '../../world/processes/keybin-service.js';
import type { RunningWorker } from '../../world/processes/running.js';

import { promtool } from '../../world/processes/promtool.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { prefixIn } from '../../world/services/queue-prefix.js';
import { ownServices, programs } from '../../world/services/services.js';
import { freshMonitoring } from '../../world/times.js';
import { scrape } from '../../unit/metrics/scrape.js';

const defined = Object.entries<Definition>(definitions);
const kindsOf = (process: 'API' | 'worker') =>
  Object.fromEntries(
    defined
      .filter(([, { reportedBy }]) => reportedBy.includes(process) || reportedBy === 'queue')
      .map(([name, { kind }]) => [name, kind]),
  );

describe('/metrics of a scale-out service', function () {
  this.timeout(60_000); // services hang and continue
  programs('promtool');
  const world = new ScaleOutWorld({ services: ownServices, times: freshMonitoring });
  let worker: RunningWorker;

  beforeEach(async () => {
    worker = await world.startWorker();
  });
  afterEach(() => worker.stop());

  const api = () => scrape(world.here.baseUrl);
  const ofWorker = () => scrape(worker.url);

  it('has all defined metrics on the API and the worker, and no other of Keybin', async () => {
    await world.here.newAccount();
    expect((await api()).declared).to.deep.equal(kindsOf('API'));
    expect((await ofWorker()).declared).to.deep.equal(kindsOf('worker'));
    for (const { text } of [await api(), await ofWorker()]) expect(promtool(['check', 'metrics'], text)).to.equal('');
  });

  it('follows writes from their acceptance until MongoDB has them', async () => {
    const { token } = await world.here.newAccount();
    await worker.stop();
    const before = await api();
    for (const key of ['a', 'b', 'c']) await world.here.put(token, key, 1);
    await world.here.put(token, 'c', 2);
    await eventually(async () => (await api()).sum('keybin_oldest_unapplied_seconds') > 1, 'writes that wait');
    const waiting = await api();
    const rise = (name: string) => waiting.sum(name) - before.sum(name);
    expect(rise('keybin_writes_accepted_total')).to.equal(4);
    expect(rise('keybin_writes_coalesced_total')).to.equal(1);
    expect(waiting.sum('keybin_pending_entries', { partition: '0' })).to.equal(3);
    expect(waiting.sum('keybin_pending_bytes')).to.be.above(0);
    expect(waiting.sum('keybin_jobs', { state: 'waiting' })).to.be.at.least(1);

    worker = await world.startWorker();
    await world.drained();
    const applied = await ofWorker();
    expect(applied.sum('keybin_writes_applied_total')).to.equal(3);
    expect(applied.sum('keybin_batch_entries_sum', { step: 'apply' })).to.equal(3);
    expect(applied.sum('keybin_accept_to_applied_seconds_count')).to.equal(3);
    expect(applied.sum('keybin_accept_to_applied_seconds_sum')).to.be.within(1, 180);
    for (const seen of [applied, await api()]) {
      expect(seen.sum('keybin_pending_entries')).to.equal(0);
      expect(seen.sum('keybin_oldest_unapplied_seconds')).to.equal(0);
    }
  });

  it('counts a queue once that all processes of an API see', async () => {
    const { token } = await world.here.newAccount();
    await worker.stop();
    for (const key of ['a', 'b', 'c']) await world.here.put(token, key, 1);
    const both = await startApi({ env: { ...world.services.env, KEYBIN_APP_PROCESSES: '2' } });
    try {
      await eventually(async () => (await scrape(both.url)).sum('keybin_dependency_up') === 2, 'both dependencies');
      const seen = await scrape(both.url);
      expect(seen.sum('keybin_pending_entries')).to.equal(3);
      expect(seen.sum('keybin_jobs', { state: 'waiting' })).to.equal(
        (await api()).sum('keybin_jobs', { state: 'waiting' }),
      );
      expect(seen.declared).to.deep.equal(kindsOf('API'));
      expect(promtool(['check', 'metrics'], seen.text)).to.equal('');
    } finally {
      await both.stop();
    }
    worker = await world.startWorker();
    await world.drained();
  });

  it('counts retried writes while MongoDB is down', async () => {
    const { token } = await world.here.newAccount();
    await world.services.mongod.kill('SIGKILL');
    await world.here.put(token, 'a', 1);
    await eventually(async () => (await ofWorker()).sum('keybin_writes_retried_total') > 0, 'a second try');
    expect((await ofWorker()).sum('keybin_dependency_up', { dependency: 'mongodb' })).to.equal(0);
    await world.services.mongod.start();
    await world.drained();
    expect((await ofWorker()).sum('keybin_writes_applied_total')).to.equal(1);
    expect((await ofWorker()).sum('keybin_writes_rejected_total')).to.equal(0);
  });

  it('counts the writes that MongoDB rejects', async () => {
    const { token } = await world.here.newAccount();
    await world.here.put(token, 'a', 'good'); // creates the collection
    await world.drained();
    const client = await MongoClient.connect(world.services.mongoUrl);
    const database = client.db(world.services.database);
    await database.command({ collMod: 'store', validator: { value: { $not: /POISON/ } } });
    await world.here.put(token, 'b', 'POISON');
    await eventually(async () => (await ofWorker()).sum('keybin_writes_rejected_total') === 1, 'a rejected write');
    await eventually(
      async () => (await api()).sum('keybin_jobs', { state: 'failed' }) === 1,
      'its job, which fails last',
    );
    expect((await api()).sum('keybin_rejected_entries')).to.equal(1);
    await database.command({ collMod: 'store', validator: {} });
    await client.close();
  });

  it('has no value within 2 s for a queue that is down, instead of an old one', async () => {
    await world.services.redis.kill('SIGSTOP');
    try {
      for (const read of [api, ofWorker]) {
        const startedMs = performance.now();
        const seen = await read();
        expect(performance.now() - startedMs).to.be.below(2_500);
        expect(seen.of('keybin_pending_entries')).to.deep.equal([]);
        expect(seen.of('keybin_oldest_unapplied_seconds')).to.deep.equal([]);
        expect(seen.sum('keybin_dependency_up', { dependency: 'redis' })).to.equal(0);
        expect(seen.sum('keybin_dependency_up', { dependency: 'mongodb' })).to.equal(1);
      }
    } finally {
      await world.services.redis.kill('SIGCONT');
    }
    await eventually(async () => (await api()).of('keybin_pending_entries').length === 1, 'the queue');
  });

  it('says that the queue is paused', async () => {
    const redis = new Redis(world.services.redisUrl);
    const meta = `${await prefixIn(world.services.redisUrl)}:entries:meta`;
    await redis.hset(meta, 'paused', '1');
    expect((await api()).sum('keybin_queue_paused')).to.equal(1);
    await redis.hdel(meta, 'paused');
    redis.disconnect();
    expect((await api()).sum('keybin_queue_paused')).to.equal(0);
  });
});
