import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import type { RunningApi } from '../../world/processes/running.js';
import { expectApiError, postUser } from '../api/calls.js';
import { expectDone, expectError } from '../subjects/answers.js';
import type { Subject } from '../subjects/subject.js';
import { codeIn } from '../v1/calls.js';

const tooShort = 'Password must be at least 8 bytes of UTF-8';

export function newPasswordsContract(subject: Subject): void {
  describe('passwords', () => {
    it('may have one byte by default', async () => {
      const username = randomUUID();
      expectDone(await subject.here.register(username, 'p'));
      expect((await subject.here.token(username, 'p')).status).to.equal(200);
    });

    describe('with a least length', () => {
      let api: RunningApi;
      let client: KeybinClient;
      before('an API that asks for eight bytes', async () => {
        api = await subject.startAnother({ KEYBIN_ACCOUNTS_PASSWORD_MIN_BYTES: '8' });
        client = new KeybinClient(api.url);
      });
      after(() => api.stop());

      it('are refused in every interface if they are shorter, and nothing is created', async () => {
        const username = randomUUID();
        expectError(await client.register(username, 'seven b'), 400, tooShort);
        expectApiError(await postUser(client, { username, password: 'seven b' }), 400, tooShort);
        const identify_code = codeIn(await client.send('GET', `/v1/users/register?accout=${username}`));
        const json = { accout: username, passwd: 'seven b', identify_code };
        expectApiError(await client.send('POST', '/v1/users/register', { json }), 400, tooShort);
        const again = { json: { ...json, passwd: 'eight by' } }; // the code is not used up
        expect((await client.send('POST', '/v1/users/register', again)).status).to.equal(200);
      });

      it('are counted in bytes', async () => {
        expectDone(await client.register(randomUUID(), 'ßßßß'));
        const headers = { accept: 'application/problem+json' };
        const json = { username: randomUUID(), password: 'ßßß' };
        const { json: problem } = await client.send('POST', '/register', { json, headers });
        expect(problem).to.include({ status: 400, code: 'password_too_short' });
      });

      it('of logins may be shorter, as those of older accounts are', async () => {
        expectError(await client.token(randomUUID(), 'p'), 403, 'Invalid credentials');
      });
    });
  });
}
