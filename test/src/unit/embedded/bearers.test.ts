import { expect } from 'chai';
import { oncePerSnapshot } from '@keybin/shared/engines/embedded/tokens/bearers.js';
import { invalidToken } from '@keybin/shared/errors.js';

const bearer = { userId: 'user', client: 'client', number: '1' };

describe('embedded engine, finding a bearer once', () => {
  let lookups: string[];
  let find: ReturnType<typeof oncePerSnapshot>;

  beforeEach(() => {
    lookups = [];
    find = oncePerSnapshot((tokenHash, nowMs) => {
      lookups.push(`${tokenHash} ${nowMs}`);
      return tokenHash === 'known' ? bearer : invalidToken();
    });
  });

  it('looks up a token again in another snapshot or millisecond, and never returns the account of another token', () => {
    expect([find('known', 5, 1), find('known', 5, 1)]).to.deep.equal([bearer, bearer]);
    expect(find('unknown', 5, 1)).to.have.property('code', 'invalid_token');
    expect(find('known', 5, 1)).to.equal(bearer);
    find('known', 6, 1);
    find('known', 6, 2);
    expect(lookups).to.deep.equal(['known 5', 'unknown 5', 'known 5', 'known 6', 'known 6']);
  });

  it('looks up each time without a snapshot', () => {
    for (let look = 0; look < 2; look++) find('known', 5, undefined);
    expect(lookups).to.deep.equal(['known 5', 'known 5']);
  });
});
