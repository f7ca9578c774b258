import { expect } from 'chai';
import { ByteShares } from '@keybin/shared/batching/byte-shares.js';

describe('shares of bytes', () => {
  it('give one account a quarter, and all accounts together everything', () => {
    const shares = new ByteShares(100, 'things');
    expect(shares.take('a', 25)?.code).to.equal(undefined);
    expect(shares.take('a', 1)?.code).to.equal('unavailable');
    for (const other of ['b', 'c', 'd']) expect(shares.take(other, 25)?.code).to.equal(undefined);
    expect(shares.take('e', 1)?.code).to.equal('unavailable');
  });

  it('let a request hold more than that if nobody holds anything', () => {
    const shares = new ByteShares(100, 'things');
    expect(shares.take('a', 200)?.code).to.equal(undefined);
    expect(shares.take('b', 1)?.code).to.equal('unavailable');
    shares.giveBack('a', 200);
    expect(shares.take('b', 1)?.code).to.equal(undefined);
    expect(shares.take('a', 30)?.code).to.equal(undefined);
    expect(shares.take('a', 1)?.code).to.equal('unavailable');
  });

  it('can be taken again once they are given back', () => {
    const shares = new ByteShares(100, 'things');
    for (const bytes of [10, 15]) shares.take('a', bytes);
    shares.giveBack('a', 10);
    expect(shares.take('a', 11)?.code).to.equal('unavailable');
    expect(shares.take('a', 10)?.code).to.equal(undefined);
  });
});
