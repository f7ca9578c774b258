import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { loadConfig } from '@keybin/shared/config/load-config.js';
import { openMongoEngine } from '@keybin/shared/engines/mongo/engine.js';
import { hasCode } from '@keybin/shared/errors.js';
import type { Engine } from '@keybin/shared/ports.js';
import { longestAnswerMs } from '../world/answer-time.js';
import { eventually } from '../world/eventually.js';
import { startMongod, type MongoServer } from '../world/mongo-server.js';
import { startRedis, type RedisServer } from '../world/redis-server.js';
import { ownServers } from '../world/services.js';
import { applyAll } from './apply-all.js';
import { silent } from './staged.js';

/** Resolves once the promise has been refused as unavailable within 2 s. */
async function refusedInTime(promise: Promise<unknown>): Promise<void> {
  const began = performance.now();
  const answer = await promise.catch((error: unknown) => error);
  expect(hasCode(answer, 'unavailable'), String(answer)).to.equal(true);
  expect(performance.now() - began).to.be.below(longestAnswerMs);
}

describe('entries of the scale-out engine in an outage', () => {
  ownServers('redis-server', 'mongod');
  let redis: RedisServer;
  let mongod: MongoServer;
  let engine: Engine;
  let token: string;

  before(async () => {
    [redis, mongod] = await Promise.all([startRedis(), startMongod()]);
    const config = loadConfig([], {
      KEYBIN_STORE_HOST: mongod.url,
      KEYBIN_STORE_DATABASE: 'outages',
      KEYBIN_QUEUE_REDIS: redis.url,
    });
    engine = await openMongoEngine(config, silent);
    const { userId } = await engine.accounts.create('somebody', 'hash');
    token = randomUUID();
    await engine.tokens.issue({ userId, clientId: 'default', token, lifetimeSeconds: 600 });
    await engine.entries.put(token, 'stored', '1');
    await applyAll({ redisUrl: redis.url, mongoUrl: mongod.url, database: 'outages' }, 1);
  });
  after(async () => {
    await engine?.close();
    await redis?.stop();
    await mongod?.stop();
  });

  const everything = () => [
    engine.entries.get(token, 'stored'),
    engine.entries.keys(token),
    engine.entries.put(token, 'new', '1'),
    engine.entries.delete(token, 'stored'),
  ];

  for (const [what, stop, go] of [
    ['is killed', 'SIGKILL', undefined],
    ['hangs', 'SIGSTOP', 'SIGCONT'],
  ] as const) {
    it(`refuses everything in time while Redis ${what}, and goes on afterwards`, async () => {
      await redis.kill(stop);
      await Promise.all(everything().map(refusedInTime));
      await (go ? redis.kill(go) : redis.start());
      await eventually(() => engine.entries.put(token, 'after', '1').then(() => true), 'an accepted write');
      expect(await engine.entries.get(token, 'stored')).to.equal('1');
    });

    it(`still takes writes and shows what is pending while MongoDB ${what}`, async () => {
      await engine.entries.put(token, 'pending', '1');
      await mongod.kill(stop);
      await engine.entries.put(token, 'pending', '2');
      expect(await engine.entries.get(token, 'pending')).to.equal('2');
      await engine.entries.delete(token, 'pending');
      const { entries } = engine;
      await Promise.all(
        [entries.get(token, 'stored'), entries.keys(token), entries.delete(token, 'stored')].map(refusedInTime),
      );
      await (go ? mongod.kill(go) : mongod.start());
      await eventually(async () => (await entries.get(token, 'stored')) === '1', 'a stored value');
    });
  }
});
