import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { accountOfSuite } from '../subjects/account-of-suite.js';

const badUsername = 'Username must be 1 to 256 bytes without control characters';
const badPassword = 'Password must be at most 72 bytes of UTF-8 and contain no NUL';

/** Bodies of the routes that take credentials, with the error message for each. */
const bodies: readonly (readonly [string, object, string])[] = [
  ['no username', { password: 'p' }, "Required parameter 'username' is missing"],
  ['null as username', { username: null, password: 'p' }, "Required parameter 'username' is missing"],
  ['an empty username', { username: '', password: 'p' }, "Required parameter 'username' is missing"],
  ['no password', { username: 'u' }, "Required parameter 'password' is missing"],
  ['null as password', { username: 'u', password: null }, "Required parameter 'password' is missing"],
  ['an empty password', { username: 'u', password: '' }, "Required parameter 'password' is missing"],
  ['neither', { value: 1 }, "Required parameter 'username' is missing"],
  ['an object as username', { username: { $ne: null }, password: 'p' }, "Parameter 'username' must be a string"],
  ['an array as username', { username: ['u'], password: 'p' }, "Parameter 'username' must be a string"],
  ['0 as username', { username: 0, password: 'p' }, "Parameter 'username' must be a string"],
  ['an object as password', { username: 'u', password: { $gt: '' } }, "Parameter 'password' must be a string"],
  ['false as password', { username: 'u', password: false }, "Parameter 'password' must be a string"],
  ['a username of 257 bytes', { username: `${'€'.repeat(85)}aa`, password: 'p' }, badUsername],
  ['a username with a newline', { username: 'a\nb', password: 'p' }, badUsername],
  ['a username with NUL', { username: 'a\0', password: 'p' }, badUsername],
  ['a username with a C1 control', { username: 'a\u0085b', password: 'p' }, badUsername],
  ['a username with a lone surrogate', { username: 'a\ud800', password: 'p' }, badUsername],
  ['a password of 73 bytes', { username: 'u', password: `${'€'.repeat(24)}a` }, badPassword],
  ['a password with NUL', { username: 'u', password: 'a\0b' }, badPassword],
  ['a password with a lone surrogate', { username: 'u', password: 'a\udc00' }, badPassword],
];

export function badParameters(url: () => string): void {
  describe('in parameters', () => {
    const given = accountOfSuite(url);

    for (const [what, json, message] of bodies) {
      it(`refuses ${what}`, async () => {
        for (const [method, path] of [
          ['POST', '/register'],
          ['POST', '/token'],
          ['DELETE', '/unregister'],
        ] as const) {
          const answer = await given.client.send(method, path, { json });
          expect([path, answer.status, answer.text]).to.deep.equal([path, 400, message]);
        }
      });
    }

    it('takes a username of 256 bytes and a password of 72', async () => {
      const username = randomUUID().slice(0, 4) + '€'.repeat(84);
      const password = '€'.repeat(24);
      expect((await given.client.register(username, password)).json).to.deep.equal({ result: 'ok' });
      expect((await given.client.token(username, password)).status).to.equal(200);
      expect((await given.client.token(username, '€'.repeat(23))).text).to.equal('Invalid credentials');
    });

    for (const username of ['__proto__', 'constructor', 'a/b?c#d', ' ', '👩‍🚀', '$where']) {
      it(`takes ${JSON.stringify(username)} as a username`, async () => {
        expect((await given.client.register(username, 'p')).json).to.deep.equal({ result: 'ok' });
        expect((await given.client.register(username, 'p')).status).to.equal(409);
        expect((await given.client.unregister(username, 'p')).json).to.deep.equal({ result: 'ok' });
      });
    }

    it('refuses a client_id that is not a string', async () => {
      for (const clientId of [{ a: 1 }, ['a'], 5, 0, true, false]) {
        const answer = await given.client.token(given.account.username, given.account.password, clientId);
        expect([answer.status, answer.text]).to.deep.equal([400, "Parameter 'client_id' must be a string"]);
      }
      expect((await given.client.keys(given.account.token)).status).to.equal(200); // and no token was replaced
    });

    it('takes any string as a client_id', async () => {
      for (const clientId of ['\0', '\ud800', '__proto__', 'x'.repeat(100_000), '{kb:0}']) {
        const token = await given.client.logIn(given.account.username, given.account.password, clientId);
        expect((await given.client.keys(token)).status).to.equal(200);
      }
      expect((await given.client.keys(given.account.token)).status).to.equal(200);
    });

    it('refuses a value that is absent or null', async () => {
      for (const json of [{ value: null }, { valu: 1 }, JSON.parse('{"__proto__":{"value":1}}') as object]) {
        const answer = await given.client.send('POST', `/user/${given.account.token}/store/absent`, { json });
        expect([answer.status, answer.text]).to.deep.equal([400, "Required parameter 'value' is missing"]);
      }
      expect((await given.client.get(given.account.token, 'absent')).status).to.equal(404);
    });

    it('checks the value before the token', async () => {
      const answer = await given.client.send('POST', '/user/no-token/store/k', { json: { value: null } });
      expect(answer.text).to.equal("Required parameter 'value' is missing");
    });
  });
}
