import { expect } from 'chai';
import { decodeJwt, decodeProtectedHeader, SignJWT, UnsecuredJWT } from 'jose';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { expectDone, expectInvalidToken, expectJson } from '../subjects/answers.js';
import type { Subject } from '../subjects/subject.js';
import { expectGreeting, expectUnauthorized, getAs, signedToken } from './calls.js';

const secret = 'of the configuration, and long enough';

const resource = (client: KeybinClient, token: string) => getAs(client, '/api/resource', token, 'x');

export function signedTokensContract(subject: Subject): void {
  describe('signed tokens', () => {
    it('give the access that name and password give, through every process, with any password', async () => {
      const { username, password } = await subject.here.newAccount();
      const answer = await getAs(subject.here, '/api/token', username, password);
      expect(answer.status, answer.text).to.equal(200);
      expect(answer.json).to.have.all.keys('token', 'duration').and.to.have.property('duration', 600);
      expect(answer.headers['cache-control']).to.equal('no-store');
      const { token } = answer.json as { token: string }; // shape was just asserted
      for (const api of [subject.here, subject.there]) {
        for (const anything of ['x', '', 'ß:']) {
          expectGreeting(await getAs(api, '/api/resource', token, anything), username);
        }
      }
    });

    it("hold the account's number and an expiry, signed with HS256, and nothing secret", async () => {
      const { username, password } = await subject.here.newAccount();
      const token = await signedToken(subject.here, username, password);
      expect(decodeProtectedHeader(token)).to.deep.equal({ alg: 'HS256' });
      const { id, exp = 0, iat = 0, ...others } = decodeJwt(token);
      expect(others).to.deep.equal({});
      expect(exp - iat).to.equal(600);
      expectJson(await subject.there.send('GET', `/api/users/${String(id)}`), JSON.stringify({ username }));
    });

    it('can issue the next token, which can issue one more', async () => {
      const { username, password } = await subject.here.newAccount();
      let token = await signedToken(subject.here, username, password);
      for (const api of [subject.there, subject.here]) token = await signedToken(api, token, 'x');
      expectGreeting(await resource(subject.there, token), username);
    });

    it('end with their account at once and everywhere, even if its name is registered again', async () => {
      const { username, password } = await subject.here.newAccount();
      const token = await signedToken(subject.here, username, password);
      expectGreeting(await resource(subject.there, token), username);
      const look = async () => {
        for (const api of [subject.there, subject.here]) {
          expectUnauthorized(await resource(api, token));
          expectUnauthorized(await getAs(api, '/api/token', token, 'x'));
        }
      };
      expectDone(await subject.here.unregister(username, password));
      await look();
      await subject.here.newAccount(username, password);
      await look();
    });

    it('are not valid in the other dialects', async () => {
      const { username, password } = await subject.here.newAccount();
      const token = await signedToken(subject.here, username, password);
      expectInvalidToken(await subject.here.keys(token));
      const headers = { authorization: `Bearer ${token}` };
      expectInvalidToken(await subject.here.send('GET', '/user/-/keys', { headers }));
    });

    it('are refused if one of their letters was changed', async () => {
      const { username, password } = await subject.here.newAccount();
      const token = await signedToken(subject.here, username, password);
      const other = await subject.here.newAccount();
      const payload = {
        ...decodeJwt(token),
        id: decodeJwt(await signedToken(subject.here, other.username, other.password))['id'],
      };
      const [head, body, signature] = token.split('.');
      const forged = Buffer.from(JSON.stringify(payload)).toString('base64url');
      const changed = [
        `${head}.${forged}.${signature}`,
        `${head}.${body}.${signature?.slice(0, -4)}AAAA`,
        `${head}.${body}.`,
        `${head}.${body}`,
        `${head}..${signature}`,
        `${token}.`,
        token.slice(1),
        token.toUpperCase(),
      ];
      for (const text of changed) expectUnauthorized(await resource(subject.there, text));
    });

    it('with algorithm none, with another key or for an unknown account are refused', async () => {
      const { username, password } = await subject.here.newAccount();
      const claims = decodeJwt(await signedToken(subject.here, username, password));
      const foreign = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.alloc(32));
      const unsigned = new UnsecuredJWT(claims).encode();
      const none = Buffer.from('{"alg":"None"}').toString('base64url');
      for (const token of [foreign, unsigned, `${none}.${unsigned.split('.')[1]}.`, 'e30.e30.e30', '..']) {
        expectUnauthorized(await resource(subject.there, token));
      }
    });

    it('are signed with the configured secret if there is one, with HS256 only', async () => {
      const api = await subject.startAnother({
        KEYBIN_ACCOUNTS_SIGNING_SECRET: secret,
      });
      try {
        const client = new KeybinClient(api.url);
        const { username, password } = await subject.besides(client).newAccount();
        const elsewhere = await subject.here.newAccount();
        const foreign = await signedToken(subject.here, elsewhere.username, elsewhere.password);
        expectUnauthorized(await resource(client, foreign));
        const token = await signedToken(client, username, password);
        expectUnauthorized(await resource(subject.here, token));

        const { id, exp = 0, iat } = decodeJwt(token);
        const sign = (claims: object, alg = 'HS256') =>
          new SignJWT({ ...claims }).setProtectedHeader({ alg }).sign(Buffer.from(secret));
        const later = exp + 60;
        expectGreeting(await resource(client, await sign({ id, exp: later })), username);
        const wrong = [
          { id },
          { id, exp: iat },
          { id: String(id), exp: later },
          { exp: later },
          { id: -1, exp: later },
        ];
        const signed = [...wrong.map((claims) => sign(claims)), sign({ id: { $gt: 0 }, exp: later })];
        for (const text of await Promise.all([
          ...signed,
          ...['HS384', 'HS512'].map((alg) => sign({ id, exp: later }, alg)),
        ])) {
          expectUnauthorized(await resource(client, text));
        }
      } finally {
        await api.stop();
      }
    });
  });
}
