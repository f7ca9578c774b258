import { expect } from 'chai';
import { Passwords } from '@keybin/api/accounts/passwords.js';
import { hasCode } from '@keybin/shared/errors.js';

/** Deadline that no call misses, in the time of `performance.now()`. */
const whenever = performance.now() + 600_000;

const cheap = { cost: 4, hashesAtOnce: 2, maxWaiting: 100 };

describe('passwords', () => {
  it('match their bcrypt hash of the configured cost', async () => {
    const passwords = new Passwords({ ...cheap, cost: 5 });
    const hash = await passwords.hash('pass word', whenever);
    expect(hash).to.match(/^\$2b\$05\$/);
    expect(await passwords.matches('pass word', hash, whenever)).to.equal(true);
    expect(await passwords.matches('pass work', hash, whenever)).to.equal(false);
  });

  it('of an unknown user never match, after the work of one comparison', async () => {
    const passwords = new Passwords({ ...cheap, cost: 9 });
    const hash = await passwords.hash('x', whenever);
    const known = await shortestMs(cpuMs, async () => passwords.matches('y', hash, whenever));
    const unknown = await shortestMs(cpuMs, async () => passwords.matches('y', undefined, whenever));
    expect(await passwords.matches('', undefined, whenever)).to.equal(false);
    expect(unknown / known).to.be.within(0.5, 2);
  });

  it('are hashed with bounded concurrency, wait in a bounded queue in their order, and are refused beyond it', async () => {
    const passwords = new Passwords({ cost: 4, hashesAtOnce: 1, maxWaiting: 2 });
    const ended: string[] = [];
    const calls = ['first', 'second', 'third', 'fourth'].map(async (name) => {
      await passwords.hash(name, whenever);
      ended.push(name);
    });
    const results = await Promise.allSettled(calls);
    const refused = results.filter((result) => result.status === 'rejected');
    expect(ended).to.deep.equal(['first', 'second', 'third']);
    expect(refused.map(({ reason }) => hasCode(reason, 'unavailable'))).to.deep.equal([true]);
  });

  it('that would be hashed too late are refused at once and never hashed', async () => {
    const passwords = new Passwords({ cost: 10, hashesAtOnce: 1, maxWaiting: 100 });
    const hash = async () => passwords.hash('x', whenever);
    const hashCpuMs = await shortestMs(cpuMs, hash);
    // The first takes at least the CPU time of a hash, however busy the machine is. A second one would end too late.
    const [startedMs, startedCpuMs] = [nowMs(), cpuMs()];
    const first = passwords.hash('first', whenever);
    const late = Array.from({ length: 30 }, () => passwords.hash('late', startedMs + hashCpuMs));
    const last = passwords.hash('last', whenever);
    for (const { status } of await Promise.allSettled(late)) expect(status).to.equal('rejected');
    await Promise.all([first, last]);
    expect(cpuMs() - startedCpuMs).to.be.below(15 * hashCpuMs);
  });

  it('that come too late are refused even if the queue is empty', async () => {
    const [late] = await Promise.allSettled([new Passwords(cheap).hash('x', performance.now())]);
    expect(late)
      .to.have.property('reason')
      .that.satisfies((reason: unknown) => hasCode(reason, 'unavailable'));
  });

  it('are accepted or refused at their turn by the time of the previous hash', async () => {
    const options = { cost: 12, hashesAtOnce: 1, maxWaiting: 100 };
    const known = new Passwords(options);
    const hashMs = await shortestMs(nowMs, async () => known.hash('x', whenever));
    const passwords = new Passwords(options);
    const dueMs = performance.now() + 1.3 * hashMs;
    const [first, second] = await Promise.allSettled([passwords.hash('x', dueMs), passwords.hash('x', dueMs)]);
    expect(first.status).to.equal('fulfilled');
    expect(second)
      .to.have.property('reason')
      .that.satisfies((reason: unknown) => hasCode(reason, 'unavailable'));
  });

  it('leave the queue when hashing fails', async () => {
    const passwords = new Passwords({ cost: 4, hashesAtOnce: 1, maxWaiting: 0 });
    const notText = 5 as unknown as string; // makes bcrypt throw
    const failed = await Promise.allSettled([passwords.hash(notText, whenever)]);
    expect(failed[0].status).to.equal('rejected');
    expect(await passwords.hash('x', whenever)).to.be.a('string');
  });

  it('are hashed off the event loop', async () => {
    const passwords = new Passwords({ ...cheap, cost: 10 });
    let hashing = true;
    let turns = 0;
    const turn = () => {
      turns += 1;
      if (hashing) setTimeout(turn, 1);
    };
    turn();
    await Promise.all([passwords.hash('a', whenever), passwords.hash('b', whenever), passwords.hash('c', whenever)]);
    hashing = false;
    expect(turns).to.be.greaterThan(10);
  });
});

const nowMs = () => performance.now();

/** Returns the CPU time of all threads of this process, in ms. Load by other processes does not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Returns the shortest of five runs, in ms of `clock`. */
async function shortestMs(clock: () => number, work: () => Promise<unknown>): Promise<number> {
  let shortest = Infinity;
  for (let run = 0; run < 5; run++) {
    const startedMs = clock();
    await work();
    shortest = Math.min(shortest, clock() - startedMs);
  }
  return shortest;
}
