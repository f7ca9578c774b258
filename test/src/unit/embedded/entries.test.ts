import { expect } from 'chai';
import { closeStores, codeOf, newUser, ownStore } from './store.js';
import { allKeys } from '../../world/all-keys.js';

const keysOf = (size = 0) => Array.from({ length: size }, (_, index) => `key${index}`);

describe('embedded engine, entries', () => {
  afterEach(closeStores);

  it('returns values unchanged, whatever their size and text', async () => {
    const engine = await ownStore();
    const { token } = await newUser(engine);
    const values = [
      '',
      'é🐝\0',
      '\ud800',
      'x'.repeat(1_100_000),
      '🐝'.repeat(250_000),
      { ['__proto__']: 1 },
      0,
      [],
      null,
    ];
    for (const value of values) {
      const json = JSON.stringify(value);
      await engine.entries.put(token, 'key', json);
      expect((await engine.entries.get(token, 'key')) === json, json.slice(0, 20)).to.equal(true);
    }
    await engine.entries.put(token, 'key', '1');
    expect(await engine.entries.get(token, 'key')).to.equal('1');
  });

  it('accepts keys of 512 bytes and legal names of any kind', async () => {
    const engine = await ownStore();
    const { token } = await newUser(engine);
    const keys = ['k'.repeat(512), 'k'.repeat(511), '__proto__', 'constructor', '.', '..', ',', '_', '0', 'A', 'a'];
    for (const key of keys) await engine.entries.put(token, key, JSON.stringify(key));
    for (const key of keys) expect(await engine.entries.get(token, key)).to.equal(JSON.stringify(key));
    expect(await allKeys(engine.entries, token)).to.deep.equal([...keys].sort());
  });

  it('deletes once', async () => {
    const engine = await ownStore();
    const { token } = await newUser(engine);
    await engine.entries.put(token, 'key', '1');
    await engine.entries.delete(token, 'key');
    expect(await codeOf(engine.entries.get(token, 'key'))).to.equal('key_not_found');
    expect(await codeOf(engine.entries.delete(token, 'key'))).to.equal('key_not_found');
  });

  it('lets the last of the writes of one turn win', async () => {
    const engine = await ownStore();
    const { token } = await newUser(engine);
    await Promise.all(['1', '2', '3'].map((json) => engine.entries.put(token, 'key', json)));
    expect(await engine.entries.get(token, 'key')).to.equal('3');
  });

  it('lists the keys of one account only, all of them in order', async () => {
    const engine = await ownStore();
    const users = [await newUser(engine), await newUser(engine), await newUser(engine)];
    const sizes = [999, 2_000, 2_501];
    for (const [index, { token }] of users.entries()) {
      await Promise.all(keysOf(sizes[index]).map((key) => engine.entries.put(token, key, '1')));
    }
    for (const [index, { token }] of users.entries()) {
      expect(await allKeys(engine.entries, token)).to.deep.equal(keysOf(sizes[index]).sort());
    }
  });

  it('serves other requests while it lists many keys, and lists all keys that exist throughout', async () => {
    const engine = await ownStore();
    const { token } = await newUser(engine);
    const keys = keysOf(20_000);
    await Promise.all(keys.map((key) => engine.entries.put(token, key, '1')));
    const served: string[] = [];
    const listing = allKeys(engine.entries, token).then((listed) => {
      served.push('listing');
      return listed;
    });
    const deleting = engine.entries.delete(token, 'key7').then(() => served.push('delete'));
    for (let read = 0; read < 10; read++) {
      await engine.entries.get(token, 'key8');
      served.push('read');
    }
    const listed = new Set(await listing);
    await deleting;
    expect(served.slice(0, 10).filter((what) => what === 'read')).to.have.length.greaterThan(8);
    expect(keys.filter((key) => key !== 'key7' && !listed.has(key))).to.deep.equal([]);
  });

  it('reads a few large values in one turn, and all of them in the end', async () => {
    const engine = await ownStore();
    const { token } = await newUser(engine);
    const json = JSON.stringify('x'.repeat(1_000_000));
    await engine.entries.put(token, 'large', json);
    let [inTurn, most] = [0, 0];
    const onValue = () => {
      if (inTurn++ === 0) setImmediate(() => (inTurn = 0)); // reads run before this, unless they have a turn of their own
      most = Math.max(most, inTurn);
      return undefined;
    };
    const values = await Promise.all(
      Array.from({ length: 50 }, () => engine.entries.get(token, 'large', undefined, onValue)),
    );
    expect(values.every((value) => value === json)).to.equal(true);
    expect(most).to.be.within(2, 10);
  });

  it('reads no further page once nobody reads the list', async () => {
    const engine = await ownStore();
    const { token } = await newUser(engine);
    await Promise.all(keysOf(4_000).map((key) => engine.entries.put(token, key, '1')));
    const reader = new AbortController();
    const { first, more } = await engine.entries.keys(token, { signal: reader.signal });
    const second = await more?.next();
    reader.abort();
    expect([first.length, second?.value?.length]).to.deep.equal([1_000, 1_000]);
    expect(await codeOf(Promise.resolve(more?.next()))).to.equal('unavailable');
  });

  it('ends the listing of an account that is erased meanwhile', async () => {
    const engine = await ownStore();
    const { account, token } = await newUser(engine);
    const keys = keysOf(20_000);
    await Promise.all(keys.map((key) => engine.entries.put(token, key, '1')));
    const listing = codeOf(allKeys(engine.entries, token));
    await engine.accounts.erase(account);
    expect(await codeOf(allKeys(engine.entries, token))).to.equal('invalid_token');
    expect(await listing).to.be.oneOf(['invalid_token', undefined]);
  });
});
