import { expect } from 'chai';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { FallbackCounters, limiterOptions } from '@keybin/shared/rate-counters/fallback-counters.js';

/** A store that can be told to fail. */
class FailingStore extends RateLimiterMemory {
  fails = false;

  override async get(key: string) {
    return this.fails ? Promise.reject(new Error('The store fails')) : super.get(key);
  }

  override async penalty(key: string, points: number, options: object) {
    return this.fails ? Promise.reject(new Error('The store fails')) : super.penalty(key, points, options);
  }

  override async set(key: string, points: number, seconds: number) {
    return this.fails ? Promise.reject(new Error('The store fails')) : super.set(key, points, seconds);
  }

  override async delete(key: string) {
    return this.fails ? Promise.reject(new Error('The store fails')) : super.delete(key);
  }
}

/** Counters of two processes over one store, which is never slow. A store that failed is asked again at once. */
function twoProcesses() {
  const store = new FailingStore(limiterOptions);
  const times = { countMs: 600_000, countersPauseMs: 0 };
  return { store, here: new FallbackCounters(store, times), there: new FallbackCounters(store, times) };
}

const countOf = async (counted: Promise<{ readonly count: number }>) => (await counted).count;

describe('counters while their store fails', () => {
  it('go on from the last known number, whether it was added to or read', async () => {
    const { store, here, there } = twoProcesses();
    await here.add('key', 60);
    const { resetsInMs } = await there.count('key');
    store.fails = true;
    expect(await countOf(here.add('key', 6_000))).to.equal(2);
    expect(await countOf(there.count('key'))).to.equal(1);
    expect(await countOf(there.add('key', 6_000))).to.equal(2);
    expect((await there.count('key')).resetsInMs).to.be.within(1, resetsInMs);
    expect(await countOf(there.count('another'))).to.equal(0);
  });

  it('are renewed in the process that renews them', async () => {
    const { store, here, there } = twoProcesses();
    await here.add('key', 60);
    await here.add('key', 60);
    store.fails = true;
    await here.renew('key', 6_000);
    expect((await here.count('key')).count).to.equal(1);
    expect((await here.count('key')).resetsInMs).to.be.within(60_001, 6_000_000);
    expect(await countOf(there.count('key'))).to.equal(0);
  });

  it('begin a window of their own if none is known', async () => {
    const { store, here } = twoProcesses();
    store.fails = true;
    await here.add('key', 60);
    expect((await here.count('key')).resetsInMs).to.be.within(1, 60_000);
  });

  it('begin at zero after they were forgotten, and after their window', async () => {
    const { store, here } = twoProcesses();
    for (const key of ['forgotten', 'ended']) await here.add(key, key === 'ended' ? 0.001 : 60);
    await here.forget('forgotten');
    store.fails = true;
    expect(await countOf(here.count('forgotten'))).to.equal(0);
    while ((await countOf(here.count('ended'))) > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await countOf(here.add('ended', 60))).to.equal(1);
  });

  it('are those of the store again once it answers', async () => {
    const { store, here, there } = twoProcesses();
    await here.add('key', 60);
    store.fails = true;
    await here.add('key', 60);
    store.fails = false;
    expect(await countOf(here.count('key'))).to.equal(1);
    expect(await countOf(there.add('key', 60))).to.equal(2);
  });
});
