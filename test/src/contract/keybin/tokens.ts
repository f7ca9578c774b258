import { expect } from 'chai';
import {
  expectDone,
  expectInvalidCredentials,
  expectInvalidToken,
  expectKeys,
  expectValue,
} from '../subjects/answers.js';
import type { Subject } from '../subjects/subject.js';

const uuidV4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export function tokensContract(subject: Subject): void {
  describe('tokens', () => {
    it('are UUIDs of version 4 and come with their lifetime in seconds', async () => {
      const { username, password } = await subject.here.newAccount();
      const answer = await subject.here.token(username, password);
      expect(answer.json).to.have.all.keys('token');
      const { token } = answer.json as { token: { expire_seconds: number; token: string } }; // shape is asserted below
      expect(token).to.have.all.keys('expire_seconds', 'token');
      expect(token.expire_seconds).to.equal(300);
      expect(token.token).to.match(uuidV4);
    });

    it('are accepted by every process at once, for reading and for writing', async () => {
      const { token } = await subject.here.newAccount();
      expectKeys(await subject.there.keys(token), []);
      expectDone(await subject.there.put(token, 'a', 1));
      expectValue(await subject.here.get(token, 'a'), 1);
    });

    it('of a client are replaced by its next one, at once and everywhere', async () => {
      const { username, password, token } = await subject.here.newAccount();
      expectDone(await subject.here.put(token, 'a', 1));
      expectDone(await subject.there.put(token, 'b', 2));
      const next = await subject.there.logIn(username, password);
      for (const api of [subject.here, subject.there]) {
        expectInvalidToken(await api.get(token, 'a'));
        expectInvalidToken(await api.put(token, 'a', 2));
        expectInvalidToken(await api.delete(token, 'a'));
        expectInvalidToken(await api.keys(token));
        expectValue(await api.get(next, 'a'), 1);
      }
    });

    it('of other clients stay valid', async () => {
      const { username, password, token } = await subject.here.newAccount();
      const phone = await subject.here.logIn(username, password, 'phone');
      const laptop = await subject.there.logIn(username, password, 'laptop');
      const newPhone = await subject.there.logIn(username, password, 'phone');
      expectInvalidToken(await subject.here.keys(phone));
      for (const live of [token, laptop, newPhone]) expectKeys(await subject.here.keys(live), []);
    });

    it("belong to the client 'default' when client_id is absent, null or ''", async () => {
      const { username, password, token } = await subject.here.newAccount();
      let before = token;
      for (const clientId of [undefined, null, '', 'default']) {
        const answer = await subject.there.token(username, password, clientId);
        const { token: now } = (answer.json as { token: { token: string } }).token; // shape has a test of its own
        expectInvalidToken(await subject.here.keys(before));
        expectKeys(await subject.here.keys(now), []);
        before = now;
      }
    });

    it('may have any text as client_id', async () => {
      const { username, password } = await subject.here.newAccount();
      const clients = ['__proto__', 'constructor', 'a/b', '日本', ' ', 'x'.repeat(1_000), '\u0000', '\ud800'];
      const tokens = await Promise.all(clients.map((client) => subject.here.logIn(username, password, client)));
      for (const token of tokens) expectKeys(await subject.there.keys(token), []);
    });

    it('that a client requests concurrently leave exactly one valid', async () => {
      const { username, password } = await subject.here.newAccount();
      const apis = [subject.here, subject.there, subject.here, subject.there];
      const tokens = await Promise.all(apis.map((api) => api.logIn(username, password, 'racer')));
      const statuses = await Promise.all(tokens.map(async (token) => (await subject.here.keys(token)).status));
      expect(statuses).to.have.members([200, 403, 403, 403]);
    });

    it('are refused with a wrong password and an unknown name alike', async () => {
      const { username } = await subject.here.newAccount();
      expectInvalidCredentials(await subject.there.token(username, 'wrong'));
      expectInvalidCredentials(await subject.there.token(`${username}x`, 'correct horse'));
    });

    it('that were never issued are refused', async () => {
      const { token } = await subject.here.newAccount();
      const strangers = [
        '00000000-0000-4000-8000-000000000000',
        token.toUpperCase(),
        `${token} `,
        'x',
        '__proto__',
        '-',
      ];
      for (const stranger of strangers) expectInvalidToken(await subject.here.keys(encodeURIComponent(stranger)));
    });

    it('may come as Authorization: Bearer with - in the path', async () => {
      const { token } = await subject.here.newAccount();
      expectDone(await subject.here.put(token, 'a', 1));
      const headers = { authorization: `Bearer ${token}` };
      expectValue(await subject.there.send('GET', '/user/-/store/a', { headers }), 1);
      expectKeys(await subject.there.send('GET', '/user/-/keys', { headers }), ['a']);
    });
  });
}
