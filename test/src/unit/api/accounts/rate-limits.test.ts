import { expect } from 'chai';
import { RateLimits } from '@keybin/api/accounts/rate-limits.js';
import { counterKey } from '@keybin/shared/rate-counters/counter-key.js';
import { checkSettings } from '@keybin/shared/config/check-settings.js';
import { closeStores, ownStore } from '../../embedded/store.js';

const dayMs = 86_400_000;
const login = { username: 'ada', address: '192.0.2.1', userId: 'id of ada' };

async function withLimits() {
  const { rateCounters: counters } = await ownStore();
  const { limits } = checkSettings({ given: new Map(), problems: [] });
  return { counters, limits: new RateLimits(limits, counters) };
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
});
