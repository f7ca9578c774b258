import { expect } from 'chai';
import type { Subject } from '../subjects/subject.js';
import { expectApiError, postUser } from './calls.js';

const missing = (name: string) => `Required parameter '${name}' is missing`;
const notString = (name: string) => `Parameter '${name}' must be a string`;

export function apiErrorsContract(subject: Subject): void {
  describe('errors', () => {
    it('of a body are 400, and name the parameter that is missing or has another type', async () => {
      for (const body of [undefined, '', '{}', '[]', '1', '"a"', 'null', '{', 'username=a']) {
        const options = body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } };
        const answer = await subject.here.send('POST', '/api/users', options);
        expectApiError(answer, 400, 'Request body is not JSON or is empty');
      }
      for (const absent of [undefined, null, '']) {
        expectApiError(await postUser(subject.here, { username: absent, password: 'p' }), 400, missing('username'));
        expectApiError(await postUser(subject.here, { username: 'u', password: absent }), 400, missing('password'));
      }
      for (const wrong of [1, 0, true, false, [], ['a'], {}, { $gt: '' }]) {
        expectApiError(await postUser(subject.here, { username: wrong, password: 'p' }), 400, notString('username'));
        expectApiError(await postUser(subject.here, { username: 'u', password: wrong }), 400, notString('password'));
      }
    });

    it('of a body without Content-Type are 400', async () => {
      const answer = await subject.here.send('POST', '/api/users', { body: '{}' });
      expectApiError(answer, 400, 'Request has no Content-Type');
    });

    it('of paths and methods are JSON as well', async () => {
      for (const path of ['/api', '/api/', '/api/nothing', '/API/x', '/api/users/1/x']) {
        expectApiError(await subject.here.send('GET', path), 404, 'Not found');
      }
      for (const [path, allowed] of [
        ['/api/users', 'POST'],
        ['/api/users/1', 'HEAD, GET'],
        ['/api/token', 'HEAD, GET'],
        ['/api/resource', 'HEAD, GET'],
      ] as const) {
        const answer = await subject.here.send('PUT', path);
        expectApiError(answer, 405, 'Method not allowed');
        expect(answer.headers['allow']).to.equal(allowed);
      }
    });

    it('of a body that is too large are 413', async () => {
      const answer = await postUser(subject.here, { username: 'x'.repeat(1_048_576), password: 'p' });
      expectApiError(answer, 413, 'Request body is larger than 1048576 bytes');
    });
  });
}
