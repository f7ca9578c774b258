import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { expectDone, expectJson } from '../subjects/answers.js';
import { alternately, type Subject } from '../subjects/subject.js';
import {
  expectForbidden,
  expectRefusedToken,
  expectV1Error,
  login,
  logout,
  newV1Account,
  v1Token,
  view,
} from './calls.js';

export function sessionsContract(subject: Subject): void {
  describe('login', () => {
    it('answers the name, the object id and a token with nothing secret in it', async () => {
      const { username, password } = await subject.here.newAccount();
      const answer = await login(subject.there, username, password);
      expect(answer.status, answer.text).to.equal(200);
      expect(answer.headers['cache-control']).to.equal('no-store');
      const { token, object_id: objectId, ...others } = answer.json as { token: string; object_id: string };
      expect(others).to.deep.equal({ login: username });
      expect(objectId).to.match(/^[0-9a-f]{24}$/);
      expect(token).to.match(/^v1\.[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    });

    it('issues one more token each time, and the earlier ones stay valid', async () => {
      const account = await newV1Account(subject.here);
      const tokens = [account.v1Token];
      for (let index = 0; index < 3; index++) tokens.push(await v1Token(alternately(subject, index), account));
      expect(new Set(tokens)).to.have.lengthOf(4);
      for (const token of tokens) {
        for (const api of [subject.here, subject.there]) {
          expect((await view(api, account.username, token)).status).to.equal(200);
        }
      }
      expect((await subject.there.keys(account.token)).status).to.equal(200);
    });

    it('is refused to an unknown name and to a wrong password alike', async () => {
      const { username, password } = await subject.here.newAccount();
      for (const answer of [
        await login(subject.here, username, 'wrong'),
        await login(subject.there, `${username}x`, password),
      ]) {
        expectV1Error(answer, 401, 'Invalid credentials');
        expect(answer.headers['www-authenticate']).to.equal('Bearer realm="Keybin"');
      }
    });
  });

  describe('logout', () => {
    it('ends its token at once for every process, and no other', async () => {
      const account = await newV1Account(subject.here);
      const other = await v1Token(subject.there, account);
      for (const api of [subject.here, subject.there]) await view(api, account.username, account.v1Token);
      expectJson(
        await logout(subject.here, account.username, account.v1Token),
        JSON.stringify({ logout: account.username }),
      );
      for (const api of [subject.there, subject.here]) {
        expectRefusedToken(await view(api, account.username, account.v1Token));
        expectRefusedToken(await logout(api, account.username, account.v1Token));
        expect((await view(api, account.username, other)).status).to.equal(200);
        expect((await api.keys(account.token)).status).to.equal(200);
      }
    });

    it('is forbidden under the name of another or no account, and the token stays valid', async () => {
      const account = await newV1Account(subject.here);
      const other = await subject.here.newAccount();
      for (const name of [other.username, `${account.username}x`, 'x'.repeat(5_000), '\n']) {
        expectForbidden(await logout(subject.there, name, account.v1Token));
      }
      expect((await view(subject.here, account.username, account.v1Token)).status).to.equal(200);
    });
  });

  it('HEAD, which programs send to look ahead, ends no session', async () => {
    const account = await newV1Account(subject.here);
    const path = `/v1/users/logout/${account.username}?token=${account.v1Token}`;
    const { status, headers } = await subject.here.send('HEAD', path);
    expect(status).to.equal(405);
    expect(headers['allow']).to.equal('GET');
    expect((await view(subject.there, account.username, account.v1Token)).status).to.equal(200);
  });

  describe('a token', () => {
    it('may come as Bearer', async () => {
      const { username, v1Token: token } = await newV1Account(subject.here);
      const headers = { authorization: `Bearer ${token}` };
      for (const path of [`/v1/users/${username}`, `/v1/users/${username}?token=`]) {
        expect((await subject.there.send('GET', path, { headers })).status).to.equal(200);
      }
      expectJson(
        await subject.there.send('GET', `/v1/users/logout/${username}`, { headers }),
        JSON.stringify({ logout: username }),
      );
      expectRefusedToken(await view(subject.here, username, token));
    });

    it('is refused when it is unknown, changed, or missing', async () => {
      const { username, v1Token: token } = await newV1Account(subject.here);
      const bad = [
        '',
        'x',
        'v1.',
        token.slice(3),
        token.toUpperCase(),
        `${token}x`,
        `v1.${randomUUID()}`,
        `${token}%00`,
      ];
      for (const text of bad) {
        for (const path of [`/v1/users/${username}`, `/v1/users/logout/${username}`]) {
          expectRefusedToken(await subject.here.send('GET', `${path}?token=${text}`));
        }
      }
      expectRefusedToken(await subject.here.send('GET', `/v1/users/${username}`));
      expectRefusedToken(await subject.here.send('GET', `/v1/users/${username}?token[$gt]=`));
    });

    it('is not valid in the other dialects, and theirs is not valid here', async () => {
      const { username, token, v1Token: own } = await newV1Account(subject.here);
      for (const api of [subject.here, subject.there]) {
        for (const text of [own, encodeURIComponent(own), own.replace('.', '%2e'), own.slice(3)]) {
          const answer = await api.send('GET', `/user/${text}/keys`);
          expect(`${answer.status} ${answer.text}`).to.equal('403 Invalid token');
        }
        const headers = { authorization: `Bearer ${own}` };
        expect((await api.send('GET', '/user/-/keys', { headers })).status).to.equal(403);
        const basic = { authorization: `Basic ${Buffer.from(`${own}:x`).toString('base64')}` };
        expect((await api.send('GET', '/api/resource', { headers: basic })).status).to.equal(401);
        for (const text of [token, `v1.${token}`]) {
          expectRefusedToken(await view(api, username, text));
          expectRefusedToken(await logout(api, username, text));
        }
      }
      expect((await subject.there.keys(token)).status).to.equal(200);
    });

    it('ends with its account, even if the name is registered again', async () => {
      const account = await newV1Account(subject.here);
      const { username, password, v1Token: token } = account;
      expectDone(await subject.there.unregister(username, password));
      for (const api of [subject.here, subject.there]) expectRefusedToken(await view(api, username, token));
      await subject.here.newAccount(username, password);
      for (const api of [subject.here, subject.there]) expectRefusedToken(await view(api, username, token));
    });

    it('is replaced by the newest if it is the oldest and its account has too many', async () => {
      const settings = { KEYBIN_ACCOUNTS_CLIENTS_PER_ACCOUNT: '2', KEYBIN_V1_TOKEN_EXPIRATION: '300' };
      const api = await subject.startAnother(settings);
      try {
        const client = new KeybinClient(api.url);
        const account = await client.newAccount();
        const first = await v1Token(client, account);
        const second = await v1Token(client, account);
        const elsewhere = subject.besides(client);
        expect((await elsewhere.keys(account.token)).status).to.equal(403);
        const third = await v1Token(client, account);
        expectRefusedToken(await view(elsewhere, account.username, first));
        for (const token of [second, third]) {
          expect((await view(elsewhere, account.username, token)).status).to.equal(200);
        }
      } finally {
        await api.stop();
      }
    });
  });
}
