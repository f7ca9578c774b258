import { expect } from 'chai';
import { closeStores, codeOf, newUser, ownStore } from './store.js';

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
    expect(await engine.entries.keys(token)).to.deep.equal([...keys].sort());
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
      expect(await engine.entries.keys(token)).to.deep.equal(keysOf(sizes[index]).sort());
    }
  });

  it('serves other requests while it lists many keys, and lists all keys that exist throughout', async () => {
    const engine = await ownStore();
    const { token } = await newUser(engine);
    const keys = keysOf(20_000);
    await Promise.all(keys.map((key) => engine.entries.put(token, key, '1')));
    const served: string[] = [];
    const listing = engine.entries.keys(token).then((listed) => {
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

  it('ends the listing of an account that is erased meanwhile', async () => {
    const engine = await ownStore();
    const { account, token } = await newUser(engine);
    const keys = keysOf(20_000);
    await Promise.all(keys.map((key) => engine.entries.put(token, key, '1')));
    const listing = codeOf(engine.entries.keys(token));
    await engine.accounts.erase(account);
    expect(await codeOf(engine.entries.keys(token))).to.equal('invalid_token');
    expect(await listing).to.be.oneOf(['invalid_token', undefined]);
  });
});
