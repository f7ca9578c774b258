import { expect } from 'chai';
import { RateLimits } from '@keybin/api/accounts/rate-limits.js';
import { counterKey } from '@keybin/shared/rate-counters/counter-key.js';
import { checkSettings } from '@keybin/shared/config/check-settings.js';
import { closeStores, codeOf, ownStore } from '../../embedded/store.js';

const dayMs = 86_400_000;
const login = { username: 'ada', address: '192.0.2.1', userId: 'id of ada' };

async function withLimits() {
  const { rateCounters: counters } = await ownStore();
  const { limits } = checkSettings({ given: new Map(), problems: [] });
  return { counters, limits: new RateLimits(limits, counters) };
}

/** Returns a login from one of the networks of an IPv6 site. */
const nobody = (network: number) => ({
  username: 'nobody',
  address: `2001:db8:1:${network}::/64`,
  userId: undefined,
});

/** Asserts that so many logins that fail exceed no limit. */
async function failed(count: number, logIn: (index: number) => Promise<void>): Promise<void> {
  const codes = await Promise.all(Array.from({ length: count }, (_, index) => codeOf(logIn(index))));
  expect(codes).to.deep.equal(Array(count).fill(undefined));
}

describe('rate limits', () => {
  afterEach(closeStores);

  it('know an address for two weeks from the last login', async () => {
    const { counters, limits } = await withLimits();
    const key = counterKey('known-address', login.userId, login.address);
    await limits.loginSucceeded(login);
    await counters.renew(key, 60); // as if nearly two weeks had passed
    await limits.loginSucceeded(login);
    expect((await counters.count(key)).resetsInMs).to.be.within(13 * dayMs, 14 * dayMs);
  });

  it('let the owner pass where others have used up the limit of an address', async () => {
    const { limits } = await withLimits();
    await limits.loginSucceeded(login);
    await failed(200, (index) => limits.loginFailed({ ...login, username: `nobody ${index}`, userId: undefined }));
    expect(await codeOf(limits.checkLogin(login))).to.equal(undefined);
    for (const other of [
      { ...login, username: 'bob', userId: 'id of bob' },
      { ...login, username: 'nobody', userId: undefined },
    ]) {
      expect(await codeOf(limits.checkLogin(other))).to.equal('too_many_requests');
    }
  });

  it('let the owner pass until as many wrong passwords have come as the limit allows, which are not told', async () => {
    const { limits } = await withLimits();
    await limits.loginSucceeded(login);
    await failed(20, () => limits.loginFailed(login));
    expect(await codeOf(limits.loginSucceeded(login))).to.equal(undefined);
    for (let guess = 0; guess < 20; guess++) {
      expect(await codeOf(limits.checkLogin(login))).to.equal(undefined);
      expect(await codeOf(limits.loginFailed(login))).to.equal('too_many_requests');
    }
    expect(await codeOf(limits.checkLogin(login))).to.equal('too_many_requests');
  });

  it('count the addresses of an IPv6 site together, ten times as far', async () => {
    const { limits } = await withLimits();
    for (let network = 0; network < 10; network++) {
      const names = (index: number) => ({ ...nobody(network), username: `${network} ${index}` });
      await failed(200, (index) => limits.loginFailed(names(index)));
    }
    expect(await codeOf(limits.checkLogin(nobody(11)))).to.equal('too_many_requests');
    expect(await codeOf(limits.checkLogin({ ...nobody(11), address: '2001:db8:2:b::/64' }))).to.equal(undefined);
  });

  it('do not let one address use up the registrations of its site', async () => {
    const { limits } = await withLimits();
    const register = (network: number) => codeOf(limits.registration(`2001:db8:1:${network}::/64`));
    const codes = await Promise.all(Array.from({ length: 2_500 }, () => register(1)));
    expect(codes.filter((code) => code === undefined)).to.have.length(200);
    expect(await register(2)).to.equal(undefined);
  });

  it('let nobody pass at an address from which the account has not logged in', async () => {
    const { limits } = await withLimits();
    await limits.loginSucceeded(login);
    const elsewhere = { ...login, address: '192.0.2.2' };
    await failed(20, () => limits.loginFailed(elsewhere));
    expect(await codeOf(limits.checkLogin(elsewhere))).to.equal('too_many_requests');
  });
});
