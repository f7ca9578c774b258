import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { hasCode } from '@keybin/shared/errors.js';
import { longestAnswerMs } from '../../world/answer-time.js';
import { eventually } from '../../world/eventually.js';
import { startMongod, type MongoServer } from '../../world/services/mongo-server.js';
import { startRedis, type RedisServer } from '../../world/services/redis-server.js';
import { ownServers } from '../../world/services/services.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { variants } from '../../unit/scale-out/tokens/token-variants.js';
import { TokenProcess, type Variant } from '../../unit/scale-out/tokens/token-world.js';
import { times } from '../../world/times.js';

describe('tokens when Redis or MongoDB is lost', () => {
  ownServers('redis-server', 'mongod');
  let redis: RedisServer;
  let mongod: MongoServer;
  let api: TokenProcess;

  before('servers', async () => {
    [redis, mongod] = await Promise.all([startRedis(), startMongod()]);
  });
  after(async () => {
    await redis?.stop();
    await mongod?.stop();
  });
  beforeEach(async () => {
    api = await open();
  });
  afterEach(() => api?.close());

  const open = (variant: Variant = {}) =>
    TokenProcess.open({ redisUrl: redis.url, mongoUrl: mongod.url, database: 'keybin' }, { times, ...variant });

  async function restartRedis(meanwhile: () => Promise<void> = async () => {}): Promise<void> {
    await redis.stop();
    await meanwhile();
    await redis.start();
  }

  const file = () => join(redis.dir, 'appendonlydir');

  it('keeps valid tokens valid and revoked ones revoked when Redis restarts, for one look-up each', async () => {
    const account = await api.register();
    const dead = await api.login(account);
    const live = await api.login(account);
    await restartRedis();
    await api.redis.ready(5_000);
    const looked = api.gates.calls('find');
    for (let turn = 0; turn < 3; turn++) expect(await api.accepts(live)).to.equal(true);
    expect(api.gates.calls('find') - looked).to.equal(1);
    expect(await api.accepts(dead)).to.equal(false);
  });

  it('keeps valid tokens valid and revoked ones revoked when Redis comes back empty', async () => {
    const account = await api.register();
    const dead = await api.login(account);
    const live = await api.login(account);
    const revoked = await api.login(account, 'other');
    await api.tokens.revoke(revoked);
    await restartRedis(() => rm(file(), { recursive: true }));
    await api.redis.ready(5_000);
    const other = await open(); // has not seen these tokens
    try {
      for (const process of [api, other]) {
        const accepted = [];
        for (const token of [live, dead, revoked]) accepted.push(await process.accepts(token));
        expect(accepted).to.deep.equal([true, false, false]);
      }
    } finally {
      await other.close();
    }
  });

  for (const [variant, kept, title] of [
    [{}, true, 'nolife: brings no replaced or revoked token back when Redis comes back older'],
    [variants.nolife, false, 'nolife: would bring them back if records outlived the Redis that wrote them'],
  ] as const) {
    it(title, async () => {
      const process = await open(variant);
      try {
        const account = await process.register();
        const replaced = await process.login(account);
        const revoked = await process.login(account, 'other');
        const older = join(temporaryDirectory(), 'older');
        await restartRedis(() => cp(file(), older, { recursive: true }));
        await process.redis.ready(5_000);
        const live = await process.login(account);
        await process.tokens.revoke(revoked);
        await restartRedis(async () => {
          await rm(file(), { recursive: true });
          await cp(older, file(), { recursive: true });
        });
        await process.redis.ready(5_000);
        const accepted = [];
        for (const token of [live, replaced, revoked]) accepted.push(await process.accepts(token));
        expect(accepted).to.deep.equal(kept ? [true, false, false] : [false, true, true]);
      } finally {
        await process.close();
      }
    });
  }

  it('issues and checks tokens again after SCRIPT FLUSH', async () => {
    const account = await api.register();
    await api.login(account);
    await api.redis.client.script('FLUSH');
    expect(await api.accepts(await api.login(account))).to.equal(true);
    await api.redis.client.script('FLUSH');
    await api.accounts.erase(account);
    expect(await api.accounts.find(account.username)).to.equal(undefined);
  });

  for (const [name, server] of [
    ['Redis', () => redis],
    ['MongoDB', () => mongod],
  ] as const) {
    it(`responds within 2 s while ${name} hangs, and resumes when it is back`, async () => {
      const account = await api.register();
      const token = await api.login(account);
      await server().kill('SIGSTOP');
      try {
        const begun = performance.now();
        const answers = await Promise.allSettled([
          name === 'Redis' ? api.tokens.check(token) : api.tokens.check(crypto.randomUUID()),
          api.login(account),
          api.tokens.revoke(token),
          api.accounts.erase(account),
          api.register(),
        ]);
        expect(performance.now() - begun).to.be.below(longestAnswerMs);
        const outages = answers.filter(({ status, ...rest }) => status === 'rejected' && isOutage(rest));
        // Names and numbers of accounts are in MongoDB only
        expect(outages).to.have.length(name === 'Redis' ? 4 : 5);
      } finally {
        await server().kill('SIGCONT');
      }
      await api.redis.ready(5_000);
      const next = await eventually(() => api.register(), 'registering to work again');
      expect(await api.accepts(await api.login(next))).to.equal(true);
    });
  }
});

const isOutage = (answer: object): boolean => 'reason' in answer && hasCode(answer.reason, 'unavailable');
