import { expect } from 'chai';
import { Passwords } from '@keybin/api/passwords/passwords.js';
import { hasCode } from '@keybin/shared/errors.js';
import { account } from '../accounts/account.js';

/** Deadline that no call misses, in the time of `performance.now()`. */
const whenever = performance.now() + 600_000;

const options = { cost: 4, hashesAtOnce: 1, maxWaiting: 100, rightPasswordMs: 600_000 };
const cheap = { ...options, hashesAtOnce: 2 };

const credentials = (password: string, username = 'ada') => ({ username, password, address: '192.0.2.1' });

describe('passwords', () => {
  it('match their bcrypt hash of the configured cost', async () => {
    const passwords = new Passwords({ ...cheap, cost: 5 });
    const hash = await passwords.hash(credentials('pass word'), whenever);
    expect(hash).to.match(/^\$2b\$05\$/);
    expect(await passwords.matches(credentials('pass word'), account('ada', hash), whenever)).to.equal('right');
    expect(await passwords.matches(credentials('pass work'), account('ada', hash), whenever)).to.equal('wrong');
  });

  it('of an unknown user never match, after the work of one comparison', async () => {
    const passwords = new Passwords({ ...cheap, cost: 9 });
    const ada = account('ada', await passwords.hash(credentials('x'), whenever));
    const known = await shortestMs(cpuMs, async () => passwords.matches(credentials('y'), ada, whenever));
    const unknown = await shortestMs(cpuMs, async () => passwords.matches(credentials('y'), undefined, whenever));
    expect(await passwords.matches(credentials(''), undefined, whenever)).to.equal('wrong');
    expect(unknown / known).to.be.within(0.5, 2);
  });

  it('are hashed with bounded concurrency, wait in a bounded queue in their order, and are refused beyond it', async () => {
    const passwords = new Passwords({ ...options, maxWaiting: 2 });
    const ended: string[] = [];
    const calls = ['first', 'second', 'third', 'fourth'].map(async (name) => {
      await passwords.hash(credentials(name), whenever);
      ended.push(name);
    });
    const results = await Promise.allSettled(calls);
    const refused = results.filter((result) => result.status === 'rejected');
    expect(ended).to.deep.equal(['first', 'second', 'third']);
    expect(refused.map(({ reason }) => hasCode(reason, 'unavailable'))).to.deep.equal([true]);
  });

  it('that would be hashed too late are refused at once and never hashed', async () => {
    const passwords = new Passwords({ ...options, cost: 10 });
    const hash = async () => passwords.hash(credentials('x'), whenever);
    const hashCpuMs = await shortestMs(cpuMs, hash);
    // The first takes at least the CPU time of a hash, however busy the machine is. A second one would end too late.
    const [startedMs, startedCpuMs] = [nowMs(), cpuMs()];
    const first = passwords.hash(credentials('first'), whenever);
    const late = Array.from({ length: 30 }, () => passwords.hash(credentials('late'), startedMs + hashCpuMs));
    const last = passwords.hash(credentials('last'), whenever);
    for (const { status } of await Promise.allSettled(late)) expect(status).to.equal('rejected');
    await Promise.all([first, last]);
    expect(cpuMs() - startedCpuMs).to.be.below(15 * hashCpuMs);
  });

  it('that come too late are refused even if the queue is empty', async () => {
    const [late] = await Promise.allSettled([new Passwords(cheap).hash(credentials('x'), performance.now())]);
    expect(late)
      .to.have.property('reason')
      .that.satisfies((reason: unknown) => hasCode(reason, 'unavailable'));
  });

  it('are accepted or refused at their turn by the time of the previous hash', async () => {
    const known = new Passwords({ ...options, cost: 12 });
    const hashMs = await shortestMs(nowMs, async () => known.hash(credentials('x'), whenever));
    const passwords = new Passwords({ ...options, cost: 12 });
    const dueMs = performance.now() + 1.3 * hashMs;
    const hash = async () => passwords.hash(credentials('x'), dueMs);
    const [first, second] = await Promise.allSettled([hash(), hash()]);
    expect(first.status).to.equal('fulfilled');
    expect(second)
      .to.have.property('reason')
      .that.satisfies((reason: unknown) => hasCode(reason, 'unavailable'));
  });

  it('are not hashed again after they were right, and those that waited meanwhile neither', async () => {
    let hashed = 0;
    const passwords = new Passwords({ ...options, onHashed: () => (hashed += 1) });
    const ada = account('ada', await passwords.hash(credentials('x'), whenever));
    hashed = 0;
    const logIn = async (password: string) => passwords.matches(credentials(password), ada, whenever);
    const atOnce = await Promise.all(Array.from({ length: 20 }, () => logIn('x')));
    expect(atOnce).to.deep.equal(['right', ...Array(19).fill('repeated')]);
    expect([await logIn('x'), hashed]).to.deep.equal(['repeated', 1]);
    expect([await logIn('y'), hashed]).to.deep.equal(['wrong', 2]);
    expect([await logIn('x'), hashed]).to.deep.equal(['right', 3]);
  });

  it('leave the queue when hashing fails', async () => {
    const passwords = new Passwords({ ...options, maxWaiting: 0 });
    const notText = 5 as unknown as string; // makes bcrypt throw
    const failed = await Promise.allSettled([passwords.hash(credentials(notText), whenever)]);
    expect(failed[0].status).to.equal('rejected');
    expect(await passwords.hash(credentials('x'), whenever)).to.be.a('string');
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
    await Promise.all(['a', 'b', 'c'].map(async (password) => passwords.hash(credentials(password), whenever)));
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
