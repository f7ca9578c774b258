import { expect } from 'chai';
import { type Account, KeybinClient } from '../world/keybin-client.js';
import { RawConnection } from '../world/raw-connection.js';

const badKey = 'Key must contain only alphanumeric or _ . , characters';
const longKey = 'Key must be at most 512 bytes';

/** As they stand in the path. */
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
    let client: KeybinClient;
    let account: Account;

    before(async () => {
      client = new KeybinClient(url());
      account = await client.newAccount();
    });

    for (const [what, key, status, message] of refused) {
      it(`refuses a key of ${what}`, async () => {
        for (const [method, path, options] of calls(account.token, key)) {
          const answer = await client.send(method, path, options);
          expect([method, answer.status, answer.text]).to.deep.equal([method, status, message]);
        }
      });
    }

    it('leaves nothing behind of refused keys', async () => {
      const other = await client.newAccount();
      for (const [, key] of refused) {
        for (const [method, path, options] of calls(other.token, key)) await client.send(method, path, options);
      }
      expect((await client.keys(other.token)).json).to.deep.equal({ keys: [] });
    });

    for (const key of legal) {
      it(`takes the key ${key.length > 20 ? `of ${key.length} bytes` : key}`, async () => {
        expect((await client.get(account.token, key)).text).to.equal(`Key '${key}' not found`);
        expect((await client.put(account.token, key, 'there')).json).to.deep.equal({ result: 'ok' });
        expect((await client.get(account.token, key)).json).to.deep.equal({ value: 'there' });
        expect((await client.keys(account.token)).json)
          .to.have.property('keys')
          .that.includes(key);
        expect((await client.delete(account.token, key)).json).to.deep.equal({ result: 'ok' });
        expect((await client.delete(account.token, key)).text).to.equal(`Key '${key}' not found`);
      });
    }

    it('takes the keys . and .., which many clients make a shorter path of', async () => {
      for (const key of ['.', '..']) {
        const { received } = await RawConnection.exchange(
          url(),
          `GET /user/${account.token}/store/${key} HTTP/1.1\r\nHost: test\r\n\r\n`,
        );
        expect(received).to.include(`Key '${key}' not found`);
      }
    });

    it('takes an encoded letter for the letter', async () => {
      await client.put(account.token, 'abc', 'there');
      const answer = await client.send('GET', `/user/${account.token}/store/%61b%63`);
      expect(answer.json).to.deep.equal({ value: 'there' });
    });

    for (const token of brokenTokens) {
      it(`refuses the token ${token.slice(0, 20)}, before it looks at the key`, async () => {
        for (const key of ['k', 'bad-key', 'k'.repeat(513)]) {
          for (const [method, path, options] of calls(token, key)) {
            const answer = await client.send(method, path, options);
            expect([method, key, answer.status, answer.text]).to.deep.equal([method, key, 403, 'Invalid token']);
          }
        }
        expect((await client.send('GET', `/user/${token}/keys`)).text).to.equal('Invalid token');
      });
    }

    it('takes the token from the Authorization header when the path has - in its place', async () => {
      const headers = { authorization: `Bearer ${account.token}` };
      expect((await client.send('GET', '/user/-/keys', { headers })).status).to.equal(200);
      for (const authorization of ['Bearer', 'Bearer  ', 'Bearer x', `Basic ${account.token}`, account.token]) {
        const answer = await client.send('GET', '/user/-/keys', { headers: { authorization } });
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
