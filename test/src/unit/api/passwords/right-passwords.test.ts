import { expect } from 'chai';
import { RightPasswords } from '@keybin/api/passwords/right-passwords.js';
import { eventually } from '../../../world/eventually.js';
import { account } from '../accounts/account.js';

const credentials = { username: 'ada', password: 'right', address: '192.0.2.1' };
const wrong = { ...credentials, password: 'wrong' };
const ada = account('ada');

function kept(): RightPasswords {
  const right = new RightPasswords(600_000);
  right.keep(credentials, ada);
  return right;
}

describe('a password that was right', () => {
  it('is known again, and no other is', () => {
    expect(new RightPasswords(600_000).has(credentials, ada)).to.equal(false);
    expect([kept().has(credentials, ada), kept().has(credentials, ada)]).to.deep.equal([true, true]);
    expect(kept().has(wrong, ada)).to.equal(false);
    expect(kept().has(credentials, undefined)).to.equal(false);
  });

  it('is known for its account only', () => {
    expect(kept().has(credentials, account('bob'))).to.equal(false);
  });

  it('is known from its address only, and no wrong one from elsewhere ends it', () => {
    const right = kept();
    expect(right.has({ ...credentials, address: '192.0.2.2' }, ada)).to.equal(false);
    expect(right.has({ ...wrong, address: '192.0.2.2' }, ada)).to.equal(false);
    expect(right.has(credentials, ada)).to.equal(true);
  });

  it('is not known after another generation or another hash', () => {
    expect(kept().has(credentials, { ...ada, generation: 1 })).to.equal(false);
    expect(kept().has(credentials, { ...ada, passwordHash: 'another' })).to.equal(false);
  });

  it('is not known after a wrong one from its address, even if it was right again', () => {
    const right = kept();
    expect(right.has(wrong, ada)).to.equal(false);
    right.keep(credentials, ada);
    expect(right.has(credentials, ada)).to.equal(false);
  });

  it('is forgotten after its time, which a later login does not extend', async () => {
    const right = new RightPasswords(50);
    right.keep(credentials, ada);
    await eventually(() => {
      const isKnown = right.has(credentials, ada);
      if (isKnown) right.keep(credentials, ada);
      return !isKnown;
    }, 'the password to be forgotten');
  });
});
