import { embeddedAccounts } from '@keybin/shared/engines/embedded/accounts/accounts.js';
import { embeddedTokens } from '@keybin/shared/engines/embedded/tokens/tokens.js';
import { expect } from 'chai';
import { eventually } from '../../world/eventually.js';
import { patientTimes as times } from '../../world/times.js';
import { count, ownParts, ownSweeper } from './parts.js';
import { clientsPerAccount, closeStores, codeOf, newToken, newUser, ownStore } from './store.js';
import { allKeys } from '../../world/all-keys.js';

describe('embedded engine, tokens', () => {
  afterEach(closeStores);

  it('replaces the token of a client and leaves those of others', async () => {
    const engine = await ownStore();
    const { account, token: other } = await newUser(engine);
    const first = await newToken(engine, account, { clientId: 'laptop' });
    const second = await newToken(engine, account, { clientId: 'laptop' });
    expect(await codeOf(engine.tokens.check(first))).to.equal('invalid_token');
    await engine.tokens.check(second);
    await engine.tokens.check(other);
  });

  it('distinguishes clients whose ids differ only in a lone surrogate', async () => {
    const engine = await ownStore();
    const { account } = await newUser(engine);
    const one = await newToken(engine, account, { clientId: '\ud800' });
    const two = await newToken(engine, account, { clientId: '\ud801' });
    await engine.tokens.check(one);
    await engine.tokens.check(two);
  });

  it('removes the oldest client if there are too many, and counts a rotated one as new', async () => {
    const engine = await ownStore();
    const { account, token: first } = await newUser(engine);
    const tokens = [first];
    for (let index = 1; index < clientsPerAccount; index++) {
      tokens.push(await newToken(engine, account, { clientId: `client${index}` }));
    }
    const rotated = await newToken(engine, account, { clientId: 'client1' });
    for (const clientId of ['new1', 'new2']) await newToken(engine, account, { clientId });
    expect(await codeOf(engine.tokens.check(first))).to.equal('invalid_token');
    expect(await codeOf(engine.tokens.check(tokens[2] ?? ''))).to.equal('invalid_token');
    await engine.tokens.check(rotated);
    for (const token of tokens.slice(3)) await engine.tokens.check(token);
  });

  it('revokes a token once', async () => {
    const engine = await ownStore();
    const { token } = await newUser(engine);
    await engine.tokens.revoke(token);
    expect(await codeOf(engine.tokens.check(token))).to.equal('invalid_token');
    expect(await codeOf(engine.tokens.revoke(token))).to.equal('invalid_token');
  });

  it('refuses a token that was never issued', async () => {
    const engine = await ownStore();
    const { token } = await newUser(engine);
    for (const unknown of ['', 'x', token.toUpperCase(), `${token} `, '\ud800']) {
      expect(await codeOf(engine.tokens.check(unknown))).to.equal('invalid_token');
      expect(await codeOf(engine.entries.put(unknown, 'key', '1'))).to.equal('invalid_token');
    }
  });

  it('keeps a token valid exactly for its lifetime', async () => {
    const engine = await ownStore();
    const { account } = await newUser(engine);
    const before = Date.now();
    const token = await newToken(engine, account, { lifetimeSeconds: 1 });
    const after = Date.now();
    let lastLiveAt = 0;
    await eventually(async () => {
      const askedAt = Date.now();
      const code = await codeOf(allKeys(engine.entries, token));
      if (code === undefined) lastLiveAt = askedAt;
      else expect(Date.now()).to.be.at.least(before + 1_000);
      return code === 'expired_token';
    }, 'the token to expire');
    expect(lastLiveAt).to.be.lessThan(after + 1_000);
    expect(await codeOf(engine.entries.put(token, 'key', '1'))).to.equal('expired_token');
    expect(await codeOf(engine.tokens.revoke(token))).to.equal('expired_token');
  });

  it('removes an expired token before a valid one', async () => {
    const engine = await ownStore();
    const { account, token: valid } = await newUser(engine);
    for (let index = 1; index < clientsPerAccount; index++) {
      await newToken(engine, account, { clientId: `client${index}`, lifetimeSeconds: 0 });
    }
    await newToken(engine, account, { clientId: 'new' });
    await engine.tokens.check(valid);
  });

  it('tells an expired token from an unknown one until its client has another one', async () => {
    const engine = await ownStore();
    const { account } = await newUser(engine);
    const [expired, other] = [
      await newToken(engine, account, { clientId: 'laptop', lifetimeSeconds: 0 }),
      await newToken(engine, account, { clientId: 'phone', lifetimeSeconds: 0 }),
    ];
    await newToken(engine, account, { clientId: 'phone' });
    expect(await codeOf(engine.tokens.check(expired))).to.equal('expired_token');
    expect(await codeOf(engine.tokens.check(other))).to.equal('invalid_token');
  });

  it('removes tokens in the background that expired long ago, and no others', async () => {
    const parts = ownParts();
    const { databases, reads, writes } = parts;
    const accounts = embeddedAccounts(databases, reads, writes, () => {});
    const tokens = embeddedTokens(databases, reads, writes, 20);
    const issue = (userId: string, client: number, lifetimeSeconds: number) =>
      tokens.issue({ userId, clientId: `${client}`, token: `${userId}/${client}/${lifetimeSeconds}`, lifetimeSeconds });
    const names = Array.from({ length: 60 }, (_, index) => `name${index}`);
    const userIds = (await Promise.all(names.map((name) => accounts.create(name, 'hash')))).map(({ userId }) => userId);
    const longAgo = -times.expiredGraceMs / 1_000;
    for (let client = 0; client < 20; client++) {
      await Promise.all(userIds.map((userId) => issue(userId, client, longAgo)));
    }
    const [first = ''] = userIds;
    await issue(first, 0, 600);
    await issue(first, 1, 0);
    await issue(first, 99, 600);
    expect(count(databases.tokens)).to.equal(1_200);
    ownSweeper(parts);
    await eventually(() => count(databases.tokens) === 3, 'the tokens that expired long ago to go');
    expect([count(databases.clients), count(databases.expiries)]).to.deep.equal([3, 3]);
    expect(await codeOf(tokens.check(`${first}/1/0`))).to.equal('expired_token');
    expect(await codeOf(tokens.check(`${first}/2/${longAgo}`))).to.equal('invalid_token');
    await tokens.check(`${first}/0/600`);
    await tokens.check(`${first}/99/600`);
  });
});
