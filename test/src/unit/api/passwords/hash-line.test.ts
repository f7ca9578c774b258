import { expect } from 'chai';
import { HashLine } from '@keybin/api/passwords/hash-line.js';
import { hasCode } from '@keybin/shared/errors.js';

/** Deadline that no password misses, in the time of `performance.now()`. */
const whenever = performance.now() + 600_000;
const places = 6;

/** A line with what has become of the passwords that came to it, each as `address account`. */
class Watched {
  readonly #line = new HashLine<string>(places);
  readonly gone: string[] = [];
  readonly refused: string[] = [];

  come(...passwords: readonly string[]): void {
    for (const password of passwords) {
      const [address = '', username = ''] = password.split(' ');
      this.#line.turn({ address, username }, whenever, 0).then(
        () => this.gone.push(password),
        (error: unknown) => hasCode(error, 'unavailable') && this.refused.push(password),
      );
    }
  }

  /** Passes a thread `times` times, one after the other. */
  async pass(times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      expect(this.#line.pass('thread', performance.now())).to.equal(true);
      await settled();
    }
  }

  get length(): number {
    return this.#line.length;
  }
}

/** Resolves when all that has been decided was noted. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

const each = (count: number, password: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => password(index));

describe('the line of passwords that wait to be hashed', () => {
  it('lets addresses take turns, however many passwords one has sent', async () => {
    const line = new Watched();
    line.come('flood a', 'flood a', 'flood a', 'home b', 'work c');
    await line.pass(5);
    expect(line.gone).to.deep.equal(['flood a', 'home b', 'work c', 'flood a', 'flood a']);
  });

  it('lets a late password go before those of an address that has had turns', async () => {
    const line = new Watched();
    line.come('flood a', 'flood b', 'flood c', 'flood d');
    await line.pass(2);
    line.come('home e');
    await line.pass(2);
    expect(line.gone.slice(2)).to.deep.equal(['flood c', 'home e']);
  });

  it('lets the accounts of an address take turns', async () => {
    const line = new Watched();
    line.come('nat a', 'nat a', 'nat a', 'nat b', 'nat a', 'nat c');
    await line.pass(4);
    expect(line.gone).to.deep.equal(['nat a', 'nat b', 'nat c', 'nat a']);
  });

  it('lets an account that many addresses log in to wait for others', async () => {
    const line = new Watched();
    line.come(...each(5, (index) => `bot${index} a`), 'home b');
    await line.pass(2);
    expect(line.gone).to.deep.equal(['bot0 a', 'home b']);
  });

  it('counts all addresses of an IPv6 site as one', async () => {
    const line = new Watched();
    line.come(...each(5, (index) => `2001:db8:1:${index}::/64 a${index}`), '2001:db8:2:1::/64 b');
    await line.pass(2);
    expect(line.gone).to.deep.equal(['2001:db8:1:0::/64 a0', '2001:db8:2:1::/64 b']);
  });

  it('takes nobody out of turn while a flood goes on', async () => {
    const line = new Watched();
    line.come(...each(5, () => 'flood a'), 'home b');
    for (let turn = 0; turn < 4; turn++) {
      await line.pass(1);
      line.come('flood a');
    }
    expect(line.gone.indexOf('home b')).to.equal(1);
  });

  it('refuses the newest password of the longest address when it is full, not that of another', async () => {
    const line = new Watched();
    line.come(...each(places, (index) => `flood a${index}`), 'home b', 'work c');
    await settled();
    expect(line.refused).to.deep.equal(['flood a5', 'flood a4']);
    line.come('flood d');
    await settled();
    expect(line.refused.slice(2)).to.deep.equal(['flood d']);
    expect(line.length).to.equal(places);
  });

  it('refuses the newest password of the longest account when the addresses are as long', async () => {
    const oneAddress = new Watched();
    oneAddress.come('nat a', 'nat a', 'nat b', 'nat c', 'nat d', 'nat e', 'nat f');
    const oneAccount = new Watched();
    oneAccount.come(...each(5, (index) => `bot${index} a`), 'home b', 'work c');
    await settled();
    expect([oneAddress.refused, oneAccount.refused]).to.deep.equal([['nat a'], ['bot4 a']]);
  });

  it('refuses a password that would be hashed too late and goes on with the next', async () => {
    const line = new HashLine<string>(places);
    const late = line.turn({ address: 'a', username: 'a' }, whenever, 0);
    const next = line.turn({ address: 'b', username: 'b' }, whenever + 1_000, 0);
    expect(line.pass('thread', whenever + 1)).to.equal(true);
    const [refused, gone] = await Promise.allSettled([late, next]);
    expect(refused)
      .to.have.property('reason')
      .that.satisfies((reason: unknown) => hasCode(reason, 'unavailable'));
    expect(gone).to.have.property('value', 'thread');
    expect(line.pass('thread', whenever)).to.equal(false);
  });

  it('refuses a password without a turn when its time is over', async () => {
    const line = new HashLine<string>(places);
    const [refused] = await Promise.allSettled([line.turn({ address: 'a', username: 'a' }, performance.now(), 0)]);
    expect(refused)
      .to.have.property('reason')
      .that.satisfies((reason: unknown) => hasCode(reason, 'unavailable'));
    expect(line.length).to.equal(0);
  });
});
