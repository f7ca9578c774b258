import { expect } from 'chai';
import { EmbeddedRateCounters } from '@keybin/shared/engines/embedded/accounts/rate-counters.js';
import { eventually } from '../../world/eventually.js';
import { count, ownParts, ownSweeper } from './parts.js';
import { closeStores } from './store.js';

function ownLimiter() {
  const parts = ownParts();
  const { databases, reads, writes } = parts;
  return { parts, databases, limiter: new EmbeddedRateCounters(databases, reads, writes) };
}

describe('embedded engine, rate limiter', () => {
  afterEach(closeStores);

  it('counts in a window that begins with the first request and is not extended by the next', async () => {
    const { limiter } = ownLimiter();
    expect(await limiter.get('key')).to.equal(null);
    const first = await limiter.penalty('key', 1, { customDuration: 60 });
    const second = await limiter.penalty('key', 1, { customDuration: 60_000 });
    const seen = await limiter.get('key');
    expect([first, second, seen].map((result) => result?.consumedPoints)).to.deep.equal([1, 2, 2]);
    for (const result of [first, second, seen]) expect(result?.msBeforeNext).to.be.within(1, 60_000);
    expect(await limiter.get('another')).to.equal(null);
  });

  it('begins a window anew when it is set, and forgets the end of the one before', async () => {
    const { databases, limiter } = ownLimiter();
    await limiter.penalty('key', 5, { customDuration: 60 });
    for (const seconds of [600, 6_000]) {
      const set = await limiter.set('key', 1, seconds);
      expect([set, await limiter.get('key')].map((each) => each?.consumedPoints)).to.deep.equal([1, 1]);
      expect((await limiter.get('key'))?.msBeforeNext).to.be.within(500_000 * (seconds / 600), seconds * 1_000);
    }
    expect([count(databases.counters), count(databases.counterExpiries)]).to.deep.equal([1, 1]);
  });

  it('starts at zero when the window has ended, or after a reset', async () => {
    const { limiter } = ownLimiter();
    await limiter.penalty('ended', 1, { customDuration: 0 });
    expect(await limiter.get('ended')).to.equal(null);
    expect((await limiter.penalty('ended', 1, { customDuration: 60 })).consumedPoints).to.equal(1);
    await limiter.penalty('told', 1, { customDuration: 60 });
    expect([await limiter.delete('told'), await limiter.delete('told')]).to.deep.equal([true, false]);
    expect(await limiter.get('told')).to.equal(null);
  });

  it('removes expired counters in the background, and nothing else', async () => {
    const { parts, databases, limiter } = ownLimiter();
    await Promise.all(Array.from({ length: 600 }, (_, index) => limiter.penalty(`${index}`, 1, { customDuration: 0 })));
    await limiter.penalty('0', 1, { customDuration: 60 }); // a second window for a key whose first one has ended
    expect([count(databases.counters), count(databases.counterExpiries)]).to.deep.equal([600, 601]);
    ownSweeper(parts);
    await eventually(() => count(databases.counterExpiries) === 1, 'the ended windows to go');
    expect(count(databases.counters)).to.equal(1);
    expect((await limiter.get('0'))?.consumedPoints).to.equal(1);
  });
});
