import { expect } from 'chai';
import { foundIn, marker } from '../../processes/secrets/marked.js';

describe('the search for secrets', () => {
  const password = { name: 'password', text: marker('password') };
  const code = { name: 'code', text: '123456' };

  it('finds a secret, encoded or not, among any bytes', () => {
    const noise = Buffer.from([0xff, 0x00, 0x80]);
    for (const encoding of ['utf8', 'base64', 'base64url', 'hex'] as const) {
      const written = Buffer.from(Buffer.from(password.text).toString(encoding));
      expect(foundIn(Buffer.concat([noise, written, noise]), [password, code]), encoding).to.deep.equal(['password']);
    }
    expect(foundIn(Buffer.from('{"code":123456}'), [password, code])).to.deep.equal(['code']);
  });

  it('finds no code in a longer number or in an id', () => {
    expect(foundIn(Buffer.from('1123456 1234567 a123456 123456f'), [password, code])).to.deep.equal([]);
  });
});
