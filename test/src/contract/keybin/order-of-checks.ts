import {
  expectDone,
  expectError,
  expectInvalidCredentials,
  expectInvalidToken,
  expectNoKey,
} from '../subjects/answers.js';
import type { Subject } from '../subjects/subject.js';

const stranger = '00000000-0000-4000-8000-000000000000';
const badKey = 'a%20b';

/** Defines tests of the order of checks: body, parameters, token or credentials, key, existence. */
export function orderOfChecksContract(subject: Subject): void {
  describe('with several mistakes', () => {
    it('the body is reported before the token, and the token before the key', async () => {
      const { token } = await subject.here.newAccount();
      const empty = await subject.here.send('POST', `/user/${stranger}/store/${badKey}`, { json: {} });
      expectError(empty, 400, 'Request body is not JSON or is empty');
      const valueless = await subject.here.send('POST', `/user/${stranger}/store/${badKey}`, { json: { a: 1 } });
      expectError(valueless, 400, "Required parameter 'value' is missing");
      const json = { value: 1 };
      expectInvalidToken(await subject.here.send('POST', `/user/${stranger}/store/${badKey}`, { json }));
      const keyless = await subject.here.send('POST', `/user/${token}/store/${badKey}`, { json });
      expectError(keyless, 400, 'Key must contain only alphanumeric or _ . , characters');
      expectDone(await subject.here.send('POST', `/user/${token}/store/a`, { json }));
    });

    it('the token is reported before the key, and the key before its absence', async () => {
      const { token } = await subject.here.newAccount();
      for (const method of ['GET', 'DELETE'] as const) {
        expectInvalidToken(await subject.here.send(method, `/user/${stranger}/store/${badKey}`));
        expectInvalidToken(await subject.here.send(method, `/user/${stranger}/store/a`));
        const keyless = await subject.here.send(method, `/user/${token}/store/${badKey}`);
        expectError(keyless, 400, 'Key must contain only alphanumeric or _ . , characters');
        expectNoKey(await subject.here.send(method, `/user/${token}/store/a`), 'a');
      }
    });

    it('the username is reported before the password, and both before the credentials are checked', async () => {
      const { username } = await subject.here.newAccount();
      for (const [method, path] of [
        ['POST', '/token'],
        ['DELETE', '/unregister'],
      ] as const) {
        const both = await subject.here.send(method, path, { json: { x: 1 } });
        expectError(both, 400, "Required parameter 'username' is missing");
        const typed = await subject.here.send(method, path, { json: { username: 1 } });
        expectError(typed, 400, "Required parameter 'password' is missing");
        expectInvalidCredentials(await subject.here.send(method, path, { json: { username, password: 'wrong' } }));
      }
      const register = await subject.here.register(username, '');
      expectError(register, 400, "Required parameter 'password' is missing");
    });
  });
}
