import { empty } from '../../../world/scale-out/staged.js';
import { expect } from 'chai';
import { hasCode } from '@keybin/shared/errors.js';
import { hashToken } from '@keybin/shared/engines/scale-out/tokens/token-index.js';
import { epochKey, tokenIndexKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { codeOf } from '../../embedded/store.js';
import { eventually } from '../../../world/eventually.js';
import { ownServices } from '../../../world/services/services.js';
import { TokenProcess } from './token-world.js';

describe('tokens of the scale-out engine', () => {
  const place = ownServices();
  let here: TokenProcess;
  let there: TokenProcess;

  before('two processes', async () => {
    here = await TokenProcess.open(place, {}, 3);
    there = await TokenProcess.open(place, {}, 3);
  });
  after(async () => {
    await here?.close();
    await there?.close();
  });

  const redisTimeUs = async () => {
    const [seconds, microseconds] = await here.redis.client.time();
    return Number(seconds) * 1_000_000 + Number(microseconds);
  };

  it('accepts a token in every process', async () => {
    const token = await here.login(await here.register());
    expect(await here.accepts(token)).to.equal(true);
    expect(await there.accepts(token)).to.equal(true);
  });

  it('refuses a token that was never issued', async () => {
    expect(await here.accepts('6f9619ff-8b86-4d01-b42d-00cf4fc964ff')).to.equal(false);
  });

  it('revokes the earlier token of a client in every process when it gets a new one', async () => {
    const account = await here.register();
    const first = await here.login(account);
    expect(await there.accepts(first)).to.equal(true);
    const second = await there.login(account);
    expect([await here.accepts(first), await there.accepts(first)]).to.deep.equal([false, false]);
    expect([await here.accepts(second), await there.accepts(second)]).to.deep.equal([true, true]);
  });

  it('keeps nothing of a replaced or revoked token in Redis', async () => {
    const account = await here.register();
    const first = await here.login(account);
    const second = await here.login(account);
    await here.tokens.revoke(second);
    const keys = [first, second].map((token) => tokenIndexKey(here.redis.prefixOf(0), hashToken(token)));
    expect(await here.redis.client.exists(...keys)).to.equal(0);
  });

  it('issues a token at once when Redis resumes after an issue timed out', async () => {
    const account = await here.register();
    await here.redis.client.script('FLUSH');
    await here.login(account); // Redis now knows the scripts of a login, and no others
    await there.redis.client.client('PAUSE', 3_200); // longer than the timeout of the next commands
    const failure = await here.login(account).catch((error: unknown) => error);
    expect(hasCode(failure, 'unavailable')).to.equal(true);
    await eventually(() => there.redis.client.ping(), 'the end of the pause');
    expect(await here.accepts(await here.login(account))).to.equal(true);
  });

  it('accepts a token while Redis has no memory for its lost record', async () => {
    const token = await here.login(await here.register());
    const { client } = here.redis;
    await empty(here.redis);
    const fresh = await TokenProcess.open(place); // it has cached nothing either
    await client.config('SET', 'maxmemory', '1');
    try {
      expect(await fresh.accepts(token)).to.equal(true);
      expect(await fresh.accepts('6f9619ff-8b86-4d01-b42d-00cf4fc964ff')).to.equal(false);
      expect(await client.exists(tokenIndexKey(here.redis.prefixOf(0), hashToken(token)))).to.equal(0);
    } finally {
      await client.config('SET', 'maxmemory', '0');
      await fresh.close();
    }
  });

  it('keeps the tokens of other clients', async () => {
    const account = await here.register();
    const phone = await here.login(account, 'phone');
    await here.login(account, 'desk');
    expect(await here.accepts(phone)).to.equal(true);
  });

  it('distinguishes clients that differ only in a lone surrogate', async () => {
    const account = await here.register();
    const one = await here.login(account, '\ud800');
    await here.login(account, '\ud801');
    expect(await here.accepts(one)).to.equal(true);
  });

  it('revokes a token in every process, and only that one', async () => {
    const account = await here.register();
    const phone = await here.login(account, 'phone');
    const desk = await here.login(account, 'desk');
    expect(await there.accepts(phone)).to.equal(true);
    await here.tokens.revoke(phone);
    expect([await here.accepts(phone), await there.accepts(phone)]).to.deep.equal([false, false]);
    expect(await there.accepts(desk)).to.equal(true);
  });

  it('refuses to revoke a token that is not valid', async () => {
    const token = await here.login(await here.register());
    await here.tokens.revoke(token);
    const error = await here.tokens.revoke(token).catch((thrown: unknown) => thrown);
    expect(hasCode(error, 'invalid_token')).to.equal(true);
  });

  it('expires a token to the second by the clock of Redis, with and without a record', async () => {
    const account = await here.register();
    const before = await redisTimeUs();
    const token = await here.login(account, 'a', 1);
    const after = await redisTimeUs();
    const stored = await here.login(account, 'b', 1);
    const storedBy = await redisTimeUs();
    await eventually(async () => {
      const asked = await redisTimeUs();
      const accepted = await here.accepts(token);
      const answered = await redisTimeUs();
      // Expiry is rounded down to whole milliseconds
      if (answered < before + 999_000) expect(accepted).to.equal(true);
      if (asked >= after + 1_000_000) expect(accepted).to.equal(false);
      return !accepted;
    }, 'the token to expire');
    await eventually(async () => (await redisTimeUs()) > storedBy + 1_000_000, 'the other token to expire');
    expect(await codeOf(here.tokens.check(token))).to.equal('expired_token');
    await empty(here.redis);
    expect(await codeOf(here.tokens.check(stored))).to.equal('expired_token');
    expect(await codeOf(there.tokens.check(stored))).to.equal('expired_token'); // it has not seen the token before
    expect(await here.database.tokens.countDocuments({ user_id: account.userId })).to.equal(2);
  });

  it('finds a token in MongoDB when Redis has lost its index, and restores the index', async () => {
    const token = await here.login(await here.register());
    const key = tokenIndexKey(here.redis.prefixOf(0), hashToken(token));
    await here.redis.client.del(key);
    expect(await there.accepts(token)).to.equal(true);
    expect(await here.redis.client.pttl(key)).to.be.within(290_000, 300_000);
  });

  it('restores the record, so that one look-up in MongoDB serves all later checks', async () => {
    const token = await here.login(await here.register());
    await empty(here.redis);
    const looked = here.gates.calls('find');
    for (let times = 0; times < 5; times++) expect(await here.accepts(token)).to.equal(true);
    expect(here.gates.calls('find') - looked).to.equal(1);
  });

  it('keeps the index of a token in Redis until it expires', async () => {
    const { userId } = await here.register();
    await here.login({ userId });
    const [key = ''] = await here.redis.client.keys(`*:tokens:*${userId}`);
    expect(await here.redis.client.pttl(key)).to.be.within(290_000, 300_000);
  });

  it('releases the lease after a refusal', async () => {
    const account = await here.register();
    const token = await here.login(account);
    expect(await here.accepts(token)).to.equal(true); // from now on it need not look up the token's account
    await here.database.tokens.deleteMany({ user_id: account.userId });
    await empty(here.redis);
    expect(await here.accepts(token)).to.equal(false);
    expect(await here.redis.client.keys('*:tokens:*')).to.deep.equal([]);
  });

  it('removes the oldest client if there are more than allowed', async () => {
    const account = await here.register();
    const tokens = [];
    for (const client of ['a', 'b', 'c', 'd']) tokens.push(await here.login(account, client));
    const accepted = [];
    for (const token of tokens) accepted.push(await there.accepts(token));
    expect(accepted).to.deep.equal([false, true, true, true]);
    expect(await here.database.tokens.countDocuments({ user_id: account.userId })).to.equal(3);
  });

  it('removes an expired token before a valid one', async () => {
    const account = await here.register();
    const long = await here.login(account, 'long', 300);
    for (const client of ['a', 'b']) await here.login(account, client, 1);
    const expired = (await redisTimeUs()) + 1_000_000;
    await eventually(async () => (await redisTimeUs()) > expired, 'the short tokens to expire');
    await here.login(account, 'c');
    expect(await here.accepts(long)).to.equal(true);
  });

  it('removes expired records from the hash of an account with many clients, a few at a time', async () => {
    const account = await here.register();
    await here.login(account);
    const [key] = await here.redis.client.keys(`*:tokens:${account.userId}`);
    const epoch = String(await here.redis.client.hget(epochKey(here.redis.prefixOf(0)), 'number'));
    const old = Array.from({ length: 300 }, (_, at) => [
      `client${at}`,
      `${epoch} R${'1'.padStart(16, '0')}${'0'.repeat(64)}`,
    ]);
    await here.redis.client.hset(String(key), ...old.flat());
    await here.login(account);
    expect(await here.redis.client.hlen(String(key))).to.be.within(300 - 16, 300);
    for (let login = 0; login < 3; login++) await here.login(account);
    expect(await here.redis.client.hlen(String(key))).to.be.at.most(256);
  });

  it('refuses credentials of a deleted account', async () => {
    const account = await here.register();
    await here.accounts.erase(account);
    const error = await here.login(account).catch((thrown: unknown) => thrown);
    expect(hasCode(error, 'invalid_credentials')).to.equal(true);
  });

  it('stores no token and no client id in the clear', async () => {
    const account = await here.register();
    const token = await here.login(account, 'my-own-phone');
    const documents = JSON.stringify(await here.database.tokens.find().toArray());
    const keys = await here.redis.client.keys('*');
    expect([documents, keys.join(' ')].join(' '))
      .to.not.include(token)
      .and.not.include('my-own-phone');
  });
});
