import { expect } from 'chai';
import { hasCode } from '@keybin/shared/errors.js';
import { noteFoldedNames } from '@keybin/shared/engines/scale-out/accounts/folded-names.js';
import {
  bytesKey,
  erasedKey,
  partitionPrefix,
  pendingKey,
  waitingKey,
} from '@keybin/shared/engines/scale-out/redis/keys.js';
import { ownServices } from '../../../world/services/services.js';
import { TokenProcess } from '../tokens/token-world.js';

const prefix = partitionPrefix('test', 0); // as TokenProcess opens it

describe('accounts of the scale-out engine', () => {
  const place = ownServices();
  let api: TokenProcess;
  let other: TokenProcess;

  before('two processes', async () => {
    api = await TokenProcess.open(place);
    other = await TokenProcess.open(place);
  });
  after(async () => {
    await api?.close();
    await other?.close();
  });

  it('are found by their name and their number, with all members', async () => {
    const made = await api.accounts.create('ann', '$2b$12$hash');
    expect(await other.accounts.find('ann')).to.deep.equal(made);
    expect(await other.accounts.findByNumber(made.number)).to.deep.equal(made);
    expect(await other.accounts.findByNumber(made.number + 1)).to.equal(undefined);
    expect(await other.accounts.findById(made.userId)).to.deep.equal(made);
    expect(await other.accounts.findById('1')).to.equal(undefined);
    expect(made).to.include({ username: 'ann', passwordHash: '$2b$12$hash' });
    expect(made.userId).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    expect(made.objectId).to.match(/^[0-9a-f]{24}$/);
  });

  it('are distinguished by every letter of their name', async () => {
    await api.accounts.create('Bob', 'hash');
    expect(await api.accounts.find('bob')).to.equal(undefined);
    expect(await api.accounts.find('Bob ')).to.equal(undefined);
  });

  it('have increasing numbers, and a taken name uses none', async () => {
    const first = await api.register();
    const error = await api.accounts.create(first.username, 'hash').catch((thrown: unknown) => thrown);
    expect(hasCode(error, 'account_exists')).to.equal(true);
    expect((await other.register()).number).to.equal(first.number + 1);
  });

  it('have the numbers from 1 on if the first ones are created concurrently', async () => {
    for (let round = 0; round < 5; round++) {
      await api.database.users.deleteMany({});
      await api.database.counters.deleteMany({});
      const made = await Promise.all(Array.from({ length: 8 }, (_, at) => (at % 2 ? api : other).register()));
      expect(made.map(({ number }) => number)).to.have.members([1, 2, 3, 4, 5, 6, 7, 8]);
    }
  });

  it('are created once for names with one folded form that must be distinct', async () => {
    for (let round = 0; round < 5; round++) {
      const names = ['a', 'A', 'ａ', 'Ａ'].map((letter) => `${letter}bc-${round}`);
      const settled = await Promise.allSettled(
        names.map((name, at) => (at % 2 ? api : other).accounts.create(name, 'hash', { distinct: true })),
      );
      const errors = settled.flatMap((answer): unknown[] => (answer.status === 'rejected' ? [answer.reason] : []));
      expect(errors.map((error) => hasCode(error, 'account_exists'))).to.deep.equal([true, true, true]);
    }
  });

  it('of an older Keybin get their folded names once, and keep what clashes', async () => {
    const names = ['Fay', 'fay', 'gil'];
    for (const name of names) await api.accounts.create(name, 'hash');
    await api.database.users.updateMany({}, { $unset: { folded_name: '' } });
    await Promise.all([noteFoldedNames(api.database), noteFoldedNames(other.database)]);
    await noteFoldedNames(api.database);
    expect(await api.database.users.countDocuments({ folded_name: { $exists: false } })).to.equal(0);
    for (const name of ['FAY', 'Gil']) {
      const error = await api.accounts.create(name, 'hash', { distinct: true }).catch((thrown: unknown) => thrown);
      expect(hasCode(error, 'account_exists'), name).to.equal(true);
    }
    await api.accounts.create('Gil', 'hash');
  });

  it('are created once if many processes register one name concurrently', async () => {
    const tries = Array.from({ length: 8 }, (_, at) => (at % 2 ? api : other).accounts.create('race', `hash${at}`));
    const settled = await Promise.allSettled(tries);
    expect(settled.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
    const errors = settled.flatMap((answer): unknown[] => (answer.status === 'rejected' ? [answer.reason] : []));
    expect(errors.every((error) => hasCode(error, 'account_exists'))).to.equal(true);
  });

  it('are gone in every process as soon as they are erased, and their name is free for a new empty account', async () => {
    const before = await api.register();
    const token = await api.login(before);
    expect(await other.accepts(token)).to.equal(true);
    await other.accounts.erase(before);
    expect(await api.accounts.find(before.username)).to.equal(undefined);
    expect(await api.accounts.findByNumber(before.number)).to.equal(undefined);
    expect(await api.accounts.findById(before.userId)).to.equal(undefined);
    expect(await api.accepts(token)).to.equal(false);

    const again = await api.accounts.create(before.username, 'hash');
    const fresh = await api.login(again);
    expect([await other.accepts(fresh), await other.accepts(token)]).to.deep.equal([true, false]);
    expect(again.userId).to.not.equal(before.userId);

    await api.accounts.erase(again);
    expect(await other.accepts(fresh)).to.equal(false);
    await api.accounts.create(before.username, 'hash');
  });

  it('may be erased twice, and the second erasure keeps a new account of that name', async () => {
    const earlier = await api.register();
    await api.accounts.erase(earlier);
    const later = await api.accounts.create(earlier.username, 'hash');
    await other.accounts.erase(earlier);
    expect(await api.accounts.find(earlier.username)).to.deep.equal(later);
  });

  describe('that are erased', () => {
    it('leave nothing pending: no entries, no lag, no bytes', async () => {
      const { client } = api.redis;
      const account = await api.register();
      await stage(account.userId, { colour: '"green"', '/post': '"later"' });
      await stage('someone-else', { colour: '1' });
      const bytes = await client.get(bytesKey(prefix));
      await api.accounts.erase(account);
      expect(await client.exists(pendingKey(prefix, account.userId))).to.equal(0);
      expect(await client.zrange(waitingKey(prefix), '0', '-1')).to.deep.equal(['someone-else/colour']);
      const erased = 'colour'.length + 25 + '"green"'.length + '/post'.length + 25 + '"later"'.length;
      expect(Number(bytes) - Number(await client.get(bytesKey(prefix)))).to.equal(erased);
    });

    it('are marked for a day, recorded for the sweep, and queued for a worker', async () => {
      const account = await api.register();
      const queued = await jobs();
      await api.accounts.erase(account);
      expect(await api.redis.client.get(erasedKey(prefix, account.userId))).to.equal('day');
      expect(await api.redis.client.pttl(erasedKey(prefix, account.userId))).to.be.within(86_300_000, 86_400_000);
      const record = await api.database.erasures.findOne({ _id: account.userId });
      expect(record).to.include({ passes: 0 });
      expect(Number(record?.ends_at) - Number(record?.erased_at)).to.equal(86_400_000);
      expect((await jobs()) - queued).to.equal(1);
    });

    it('stay marked for a day while another unregister of them is in flight', async () => {
      const account = await api.register();
      await api.accounts.erase(account);
      const put = other.gates.pause('put');
      const again = other.accounts.erase(account);
      await put.reached; // the short mark is set by then
      expect(await api.redis.client.get(erasedKey(prefix, account.userId))).to.equal('day');
      put.open();
      await again;
    });

    it('are marked and queued although Redis forgot all scripts in between', async () => {
      const account = await api.register();
      const queued = await jobs();
      const addTo = api.gates.pause('addTo');
      const erasure = api.accounts.erase(account);
      await addTo.reached;
      await api.redis.client.script('FLUSH');
      addTo.open();
      await erasure;
      expect(await api.redis.client.get(erasedKey(prefix, account.userId))).to.equal('day');
      expect((await jobs()) - queued).to.equal(1);
    });

    it('are erased from the record if their unregister died half-way', async () => {
      const account = await api.register();
      const token = await api.login(account);
      const addTo = api.gates.pause('addTo');
      const erasure = api.accounts.erase(account);
      await addTo.reached;
      expect(await api.redis.client.get(erasedKey(prefix, account.userId))).to.equal('short');
      expect(await other.accepts(token)).to.equal(false);
      expect(await other.database.erasures.countDocuments({ _id: account.userId })).to.equal(1);
      addTo.open();
      await erasure;
    });
  });

  const jobs = () => api.redis.client.llen(`${prefix}:entries:wait`);

  async function stage(userId: string, entries: Record<string, string>): Promise<void> {
    for (const [field, json] of Object.entries(entries)) {
      const entry = `${'1'.padStart(24, '0')}P${json}`;
      await api.redis.client.hset(pendingKey(prefix, userId), field, entry);
      await api.redis.client.zadd(waitingKey(prefix), 1, `${userId}/${field}`);
      await api.redis.client.incrby(bytesKey(prefix), field.length + entry.length);
    }
  }
});
