import { embeddedAccounts } from '@keybin/shared/engines/embedded/accounts/accounts.js';
import { embeddedEntries } from '@keybin/shared/engines/embedded/entries/entries.js';
import { importNoteKey } from '@keybin/shared/engines/embedded/lmdb/records.js';
import { embeddedTokens } from '@keybin/shared/engines/embedded/tokens/tokens.js';
import { expect } from 'chai';
import { eventually } from '../../world/eventually.js';
import { count, ownParts, ownSweeper } from './parts.js';
import { clientsPerAccount, closeStores, codeOf, newToken, newUser, ownStore } from './store.js';
import { allKeys } from '../../world/all-keys.js';

describe('embedded engine, accounts', () => {
  afterEach(closeStores);

  it('finds an account as it was created', async () => {
    const engine = await ownStore();
    const beforeMs = Date.now();
    const created = await engine.accounts.create('Zoë 🐝', '$2b$12$hash');
    expect(created.createdAt.getTime()).to.be.within(beforeMs, Date.now());
    expect(await engine.accounts.find('Zoë 🐝')).to.deep.equal(created);
    expect(await engine.accounts.findByNumber(1)).to.deep.equal(created);
    expect(await engine.accounts.findByNumber(2)).to.equal(undefined);
    expect(await engine.accounts.findById(created.userId)).to.deep.equal(created);
    expect(await engine.accounts.findById('1')).to.equal(undefined);
    expect(created).to.include({ username: 'Zoë 🐝', passwordHash: '$2b$12$hash', number: 1 });
    expect(created.userId).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(created.objectId).to.match(/^[0-9a-f]{24}$/);
  });

  it('accepts names of any legal length and kind', async () => {
    const engine = await ownStore();
    const names = ['x'.repeat(256), 'é'.repeat(128), '__proto__', 'constructor', ' ', '1', 'a/b', '~', '\u{10ffff}'];
    for (const name of names) await engine.accounts.create(name, name);
    for (const name of names) expect(await engine.accounts.find(name)).to.include({ passwordHash: name });
    expect(await engine.accounts.find('2')).to.equal(undefined);
  });

  it('creates one account for several concurrent registrations of a name', async () => {
    const engine = await ownStore();
    const codes = await Promise.all([1, 2, 3].map(() => codeOf(engine.accounts.create('name', 'hash'))));
    expect(codes).to.deep.equal([undefined, 'account_exists', 'account_exists']);
  });

  it('creates one account for concurrent registrations of names with one folded form that must be distinct', async () => {
    const { databases, reads, writes } = ownParts();
    const accounts = embeddedAccounts(databases, reads, writes, () => {});
    const distinct = { distinct: true };
    const codes = await Promise.all(['a', 'A', 'ａ'].map((name) => codeOf(accounts.create(name, 'hash', distinct))));
    expect(codes).to.deep.equal([undefined, 'account_exists', 'account_exists']);
    const other = await accounts.create('A', 'hash');
    const first = await accounts.find('a');
    expect(count(databases.foldedNames)).to.equal(2);
    if (first) await accounts.erase(first);
    expect(await codeOf(accounts.create('a', 'hash', distinct))).to.equal('account_exists');
    await accounts.erase(other);
    expect(count(databases.foldedNames)).to.equal(0);
    await accounts.create('a', 'hash', distinct);
  });

  it('frees the name of an erased account, whose successor starts empty with a number of its own', async () => {
    const engine = await ownStore();
    const first = await newUser(engine, 'name');
    await engine.entries.put(first.token, 'key', '1');
    await engine.accounts.erase(first.account);
    const second = await newUser(engine, 'name');
    expect(second.account.number).to.equal(2);
    expect(await allKeys(engine.entries, second.token)).to.deep.equal([]);
    expect(await codeOf(engine.entries.get(first.token, 'key'))).to.equal('invalid_token');
    await engine.accounts.erase(first.account);
    await engine.tokens.check(second.token);
    expect(await engine.accounts.find('name')).to.include({ number: 2 });
    expect(await engine.accounts.findByNumber(1)).to.equal(undefined);
  });

  it('discards the numbers that an unfinished import reserved, when an account is erased', async () => {
    const { databases, reads, writes } = ownParts();
    const accounts = embeddedAccounts(databases, reads, writes, () => {});
    const account = await accounts.create('name', 'hash');
    await databases.meta.put(importNoteKey('export'), '0');
    await accounts.erase(account);
    databases.meta.resetReadTxn();
    expect(databases.meta.get(importNoteKey('export'))).to.equal(undefined);
    expect(databases.meta.get('number')).to.equal('1');
  });

  it('issues no token of an erased account', async () => {
    const engine = await ownStore();
    const { account } = await newUser(engine);
    await engine.accounts.erase(account);
    expect(await codeOf(newToken(engine, account))).to.equal('invalid_credentials');
  });

  it('refuses requests that were sent before an erasure and arrive after it', async () => {
    const engine = await ownStore();
    const { account, token } = await newUser(engine);
    const erased = engine.accounts.erase(account);
    const codes = [
      codeOf(engine.entries.put(token, 'key', '1')),
      codeOf(engine.entries.delete(token, 'key')),
      codeOf(engine.tokens.revoke(token)),
    ];
    await erased;
    expect(await Promise.all(codes)).to.deep.equal(['invalid_token', 'invalid_token', 'invalid_token']);
    expect(await codeOf(allKeys(engine.entries, token))).to.equal('invalid_token');
  });

  it('leaves no record of an erased account, and all records of other accounts', async () => {
    const parts = ownParts();
    const { databases, reads, writes } = parts;
    const sweeper = ownSweeper(parts);
    const accounts = embeddedAccounts(databases, reads, writes, () => sweeper.wake());
    const tokens = embeddedTokens(databases, reads, writes, clientsPerAccount);
    const entries = embeddedEntries(databases, reads, writes);
    const all = await Promise.all(['a', 'b', 'c'].map((name) => accounts.create(name, 'hash')));
    for (const { userId, username } of all) {
      await tokens.issue({ userId, clientId: 'client', token: username, lifetimeSeconds: 600 });
      await Promise.all(Array.from({ length: 1_200 }, (_, index) => entries.put(username, `key${index}`, '1')));
    }
    for (const account of all.filter(({ username }) => username !== 'b')) await accounts.erase(account);
    await eventually(() => count(databases.erasing) === 0, 'the end of the erasure');
    expect(count(databases.entries)).to.equal(1_200);
    for (const name of ['accounts', 'users', 'numbers', 'foldedNames', 'tokens', 'clients', 'expiries'] as const) {
      expect(count(databases[name]), name).to.equal(1);
    }
    expect(await allKeys(entries, 'b')).to.have.length(1_200);
  });
});
