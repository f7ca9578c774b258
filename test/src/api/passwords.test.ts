import { expect } from 'chai';
import { Passwords } from '@keybin/api/passwords.js';
import { hasCode } from '@keybin/shared/errors.js';

const cheap = { cost: 4, hashesAtOnce: 2, maxWaiting: 100 };

describe('passwords', () => {
  it('are known again by their bcrypt hash of the configured cost', async () => {
    const passwords = new Passwords({ ...cheap, cost: 5 });
    const hash = await passwords.hash('pass word');
    expect(hash).to.match(/^\$2b\$05\$/);
    expect(await passwords.matches('pass word', hash)).to.equal(true);
    expect(await passwords.matches('pass work', hash)).to.equal(false);
  });

  it('of an unknown user never match, after the work of one comparison', async () => {
    const passwords = new Passwords({ ...cheap, cost: 9 });
    const hash = await passwords.hash('x');
    const known = await shortestMs(async () => passwords.matches('y', hash));
    const unknown = await shortestMs(async () => passwords.matches('y', undefined));
    expect(await passwords.matches('', undefined)).to.equal(false);
    expect(unknown / known).to.be.within(0.5, 2);
  });

  it('are hashed so many at once, wait in a bounded line in their order, and are refused beyond it', async () => {
    const passwords = new Passwords({ cost: 4, hashesAtOnce: 1, maxWaiting: 2 });
    const ended: string[] = [];
    const calls = ['first', 'second', 'third', 'fourth'].map(async (name) => {
      await passwords.hash(name);
      ended.push(name);
    });
    const results = await Promise.allSettled(calls);
    const refused = results.filter((result) => result.status === 'rejected');
    expect(ended).to.deep.equal(['first', 'second', 'third']);
    expect(refused.map(({ reason }) => hasCode(reason, 'unavailable'))).to.deep.equal([true]);
  });

  it('leave their place in the line when hashing fails', async () => {
    const passwords = new Passwords({ cost: 4, hashesAtOnce: 1, maxWaiting: 0 });
    const notText = 5 as unknown as string; // what bcrypt throws at
    const failed = await Promise.allSettled([passwords.hash(notText)]);
    expect(failed[0].status).to.equal('rejected');
    expect(await passwords.hash('x')).to.be.a('string');
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
    await Promise.all([passwords.hash('a'), passwords.hash('b'), passwords.hash('c')]);
    hashing = false;
    expect(turns).to.be.greaterThan(10);
  });
});

async function shortestMs(work: () => Promise<unknown>): Promise<number> {
  let shortest = Infinity;
  for (let run = 0; run < 5; run++) {
    const startedMs = performance.now();
    await work();
    shortest = Math.min(shortest, performance.now() - startedMs);
  }
  return shortest;
}
