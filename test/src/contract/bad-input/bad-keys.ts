import { expect } from 'chai';
import { RawConnection } from '../../world/clients/raw-connection.js';
import { accountOfSuite } from '../subjects/account-of-suite.js';

const badKey = 'Key must contain only alphanumeric or _ . , characters';
const longKey = 'Key must be at most 512 bytes';

/** Refused keys, as they are written in the path. */
const refused: readonly (readonly [string, string, number, string])[] = [
  ['a newline at its end', 'key%0A', 400, badKey],
  ['an encoded slash', 'a%2Fb', 400, badKey],
  ['NUL', 'a%00', 400, badKey],
  ['a space', 'a%20b', 400, badKey],
  ['a plus sign', 'a+b', 400, badKey],
  ['a minus sign', 'a-b', 400, badKey],
  ['a letter that is not ASCII', '%C3%A9', 400, badKey],
  ['an encoded percent sign', '%2561', 400, badKey],
  ['broken percent-encoding', 'a%zz', 400, badKey],
  ['half a percent-encoding', 'a%4', 400, badKey],
  ['percent-encoding that is no UTF-8', '%FF', 400, badKey],
  ['513 bytes', 'k'.repeat(513), 400, longKey],
  ['10,000 bytes', 'k'.repeat(10_000), 400, longKey],
  ['a slash', 'a/b', 404, 'Not found'],
  ['nothing', '', 404, 'Not found'],
];

const legal = ['__proto__', 'constructor', 'toString', ',', '_', '0', '..a', 'k'.repeat(512), 'a.b,c_D9'];

const brokenTokens = ['%zz', '%FF', '%00', 'a%0Ab', '__proto__', '-', "'", '%7B%22$ne%22:1%7D', 'x'.repeat(10_000)];

export function badKeys(url: () => string): void {
  describe('in keys and tokens', () => {
    const given = accountOfSuite(url);

    for (const [what, key, status, message] of refused) {
      it(`refuses a key of ${what}`, async () => {
        for (const [method, path, options] of calls(given.account.token, key)) {
          const answer = await given.client.send(method, path, options);
          expect([method, answer.status, answer.text]).to.deep.equal([method, status, message]);
        }
      });
    }

    it('stores nothing for refused keys', async () => {
      const other = await given.client.newAccount();
      for (const [, key] of refused) {
        for (const [method, path, options] of calls(other.token, key)) await given.client.send(method, path, options);
      }
      expect((await given.client.keys(other.token)).json).to.deep.equal({ keys: [] });
    });

    for (const key of legal) {
      it(`takes the key ${key.length > 20 ? `of ${key.length} bytes` : key}`, async () => {
        expect((await given.client.get(given.account.token, key)).text).to.equal(`Key '${key}' not found`);
        expect((await given.client.put(given.account.token, key, 'there')).json).to.deep.equal({ result: 'ok' });
        expect((await given.client.get(given.account.token, key)).json).to.deep.equal({ value: 'there' });
        expect((await given.client.keys(given.account.token)).json)
          .to.have.property('keys')
          .that.includes(key);
        expect((await given.client.delete(given.account.token, key)).json).to.deep.equal({ result: 'ok' });
        expect((await given.client.delete(given.account.token, key)).text).to.equal(`Key '${key}' not found`);
      });
    }

    it('accepts the keys . and .., which many clients resolve to a shorter path', async () => {
      for (const key of ['.', '..']) {
        const { received } = await RawConnection.exchange(
          url(),
          `GET /user/${given.account.token}/store/${key} HTTP/1.1\r\nHost: test\r\n\r\n`,
        );
        expect(received).to.include(`Key '${key}' not found`);
      }
    });

    it('treats a percent-encoded letter as the letter', async () => {
      await given.client.put(given.account.token, 'abc', 'there');
      const answer = await given.client.send('GET', `/user/${given.account.token}/store/%61b%63`);
      expect(answer.json).to.deep.equal({ value: 'there' });
    });

    for (const token of brokenTokens) {
      it(`refuses the token ${token.slice(0, 20)}, before it looks at the key`, async () => {
        for (const key of ['k', 'bad-key', 'k'.repeat(513)]) {
          for (const [method, path, options] of calls(token, key)) {
            const answer = await given.client.send(method, path, options);
            expect([method, key, answer.status, answer.text]).to.deep.equal([method, key, 403, 'Invalid token']);
          }
        }
        expect((await given.client.send('GET', `/user/${token}/keys`)).text).to.equal('Invalid token');
      });
    }

    it('takes the token from the Authorization header when the path has - in its place', async () => {
      const headers = { authorization: `Bearer ${given.account.token}` };
      expect((await given.client.send('GET', '/user/-/keys', { headers })).status).to.equal(200);
      for (const authorization of [
        'Bearer',
        'Bearer  ',
        'Bearer x',
        `Basic ${given.account.token}`,
        given.account.token,
      ]) {
        const answer = await given.client.send('GET', '/user/-/keys', { headers: { authorization } });
        expect([answer.status, answer.text]).to.deep.equal([403, 'Invalid token']);
      }
    });
  });
}

const calls = (token: string, key: string) =>
  [
    ['GET', `/user/${token}/store/${key}`, {}],
    ['POST', `/user/${token}/store/${key}`, { json: { value: 1 } }],
    ['DELETE', `/user/${token}/store/${key}`, {}],
  ] as const;
