import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { loadConfig } from '@keybin/shared/config/load/load-config.js';
import { openScaleOutEngine } from '@keybin/shared/engines/scale-out/engine.js';
import { partitionOf } from '@keybin/shared/engines/scale-out/redis/keys.js';
import type { ErrorCode } from '@keybin/shared/errors.js';
import { KeybinError } from '@keybin/shared/errors.js';
import type { Engine } from '@keybin/shared/ports/engine.js';
import { services, type Services } from '../../../world/services/services.js';
import { applyAll } from '../../../world/scale-out/apply-all.js';
import { silent } from '../../../world/scale-out/staged.js';
import { allKeys } from '../../../world/all-keys.js';

const partitions = 4;

const openEngine = ({ env }: Services, more: Record<string, string> = {}) =>
  openScaleOutEngine(loadConfig([], { ...env, KEYBIN_QUEUE_PARTITIONS: String(partitions), ...more }), silent);

/** Creates an account with a live token. */
async function login(engine: Engine): Promise<{ userId: string; token: string }> {
  const { userId } = await engine.accounts.create(randomUUID(), 'hash');
  const token = randomUUID();
  await engine.tokens.issue({ userId, clientId: 'default', token, lifetimeSeconds: 60 });
  return { userId, token };
}

const codeOf = async (promise: Promise<unknown>): Promise<ErrorCode | 'no error'> => {
  try {
    await promise;
    return 'no error';
  } catch (error) {
    if (error instanceof KeybinError) return error.code;
    throw error;
  }
};

describe('entries of the scale-out engine', () => {
  const given = services();
  let engine: Engine;
  let other: Engine;
  let token: string;

  before(async () => {
    engine = await openEngine(given);
    other = await openEngine(given);
  });
  after(async () => {
    await engine?.close();
    await other?.close();
  });
  beforeEach(async () => {
    ({ token } = await login(engine));
  });

  for (const place of ['pending', 'stored'] as const) {
    const settle = async () => (place === 'stored' ? applyAll(given, partitions) : undefined);

    it(`reads, lists and deletes a ${place} entry through another process`, async () => {
      await engine.entries.put(token, 'b', '{"a":[1,"ä"]}');
      await engine.entries.put(token, 'a', '1');
      await settle();
      expect(await other.entries.get(token, 'b')).to.equal('{"a":[1,"ä"]}');
      expect(await allKeys(other.entries, token)).to.deep.equal(['a', 'b']);
      await other.entries.delete(token, 'b');
      await settle();
      expect(await codeOf(engine.entries.get(token, 'b'))).to.equal('key_not_found');
      expect(await codeOf(engine.entries.delete(token, 'b'))).to.equal('key_not_found');
      expect(await allKeys(engine.entries, token)).to.deep.equal(['a']);
    });

    it(`makes the last of many ${place} writes to one key win`, async () => {
      for (let value = 0; value < 20; value++) await engine.entries.put(token, 'k', String(value));
      await settle();
      expect(await other.entries.get(token, 'k')).to.equal('19');
    });
  }

  it('merges pending keys, deletes and stored keys in code-unit order', async () => {
    await Promise.all(['a', 'B', 'c', '_'].map((key) => engine.entries.put(token, key, '1')));
    await applyAll(given, partitions);
    await engine.entries.delete(token, 'c');
    await Promise.all(['a', 'b', 'd'].map((key) => engine.entries.put(token, key, '2')));
    expect(await allKeys(other.entries, token)).to.deep.equal(['B', '_', 'a', 'b', 'd']);
  });

  it('ends the listing of a token that was revoked, and of a client that has gone, with the next page', async () => {
    const keys = Array.from({ length: 4_000 }, (_, index) => `k${index}`);
    await Promise.all(keys.map((key) => engine.entries.put(token, key, '1')));
    for (const place of ['pending', 'stored']) {
      const reader = new AbortController();
      const { first, more } = await other.entries.keys(token, { signal: reader.signal });
      const second = await more?.next();
      expect([first.length, second?.value?.length], place).to.deep.equal([1_000, 1_000]);
      reader.abort();
      expect(await codeOf(Promise.resolve(more?.next())), place).to.equal('unavailable');
      if (place === 'pending') await applyAll(given, partitions);
    }
    const { signal } = new AbortController();
    const { more } = await other.entries.keys(token, { signal });
    await more?.next();
    await engine.tokens.revoke(token);
    expect(await codeOf(Promise.resolve(more?.next()))).to.equal('invalid_token');
  });

  it('separates the entries of accounts, whatever partition they are in', async () => {
    const logins = await Promise.all(Array.from({ length: 12 }, () => login(engine)));
    await Promise.all(logins.map((account) => engine.entries.put(account.token, 'k', `"${account.userId}"`)));
    const read = await Promise.all(logins.map((account) => other.entries.get(account.token, 'k')));
    expect(read).to.deep.equal(logins.map(({ userId }) => `"${userId}"`));
    expect(new Set(logins.map(({ userId }) => partitionOf(userId, partitions))).size).to.be.above(1);
  });

  it('refuses reads and writes with a token that is unknown, replaced or of an erased account', async () => {
    const { entries, tokens, accounts } = engine;
    const all = async (bad: string) =>
      Promise.all([
        codeOf(entries.get(bad, 'k')),
        codeOf(allKeys(entries, bad)),
        codeOf(entries.put(bad, 'k', '1')),
        codeOf(entries.delete(bad, 'k')),
      ]);
    const refused = Array.from({ length: 4 }, () => 'invalid_token');
    expect(await all(randomUUID())).to.deep.equal(refused);

    const username = randomUUID();
    const account = await accounts.create(username, 'hash');
    const [first, second] = [randomUUID(), randomUUID()];
    const issue = (one: string) =>
      tokens.issue({ userId: account.userId, clientId: 'c', token: one, lifetimeSeconds: 60 });
    await issue(first);
    await entries.put(first, 'k', '1');
    await issue(second);
    expect(await all(first)).to.deep.equal(refused);
    expect(await other.entries.get(second, 'k')).to.equal('1');
    await other.accounts.erase(account);
    expect(await all(second)).to.deep.equal(refused);
  });

  it('returns unavailable for a write above the limits, and keeps the stored value', async () => {
    await engine.entries.put(token, 'k', '1');
    const limited = await openEngine(given, {
      KEYBIN_QUEUE_MAX_PENDING_BYTES: '9000',
      KEYBIN_LIMITS_BODY_BYTES: '1000',
    });
    try {
      const large = JSON.stringify('x'.repeat(3_000));
      expect(await codeOf(limited.entries.put(token, 'k', large))).to.equal('unavailable');
      expect(await limited.entries.get(token, 'k')).to.equal('1');
    } finally {
      await limited.close();
    }
  });
});
