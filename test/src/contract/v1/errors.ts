import { expect } from 'chai';
import type { Answer } from '../../world/clients/keybin-client.js';
import type { Subject } from '../subjects/subject.js';
import { expectV1Error } from './calls.js';

const missing = (name: string) => `Required parameter '${name}' is missing`;
const notString = (name: string) => `Parameter '${name}' must be a string`;

export function v1ErrorsContract(subject: Subject): void {
  const post = (json: unknown): Promise<Answer> => subject.here.send('POST', '/v1/users/login', { json });

  describe('errors', () => {
    it('of a body are 400, and name the parameter that is missing or has another type', async () => {
      for (const body of [undefined, '', '{}', '[]', '1', '"a"', 'null', '{', 'accout=a']) {
        const options = body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } };
        const answer = await subject.here.send('POST', '/v1/users/login', options);
        expectV1Error(answer, 400, 'Request body is not JSON or is empty');
      }
      for (const absent of [undefined, null, '']) {
        expectV1Error(await post({ accout: absent, passwd: 'p' }), 400, missing('accout'));
        expectV1Error(await post({ accout: 'a', passwd: absent }), 400, missing('passwd'));
      }
      for (const wrong of [1, 0, true, false, [], ['a'], {}, { $gt: '' }]) {
        expectV1Error(await post({ accout: wrong, passwd: 'p' }), 400, notString('accout'));
        expectV1Error(await post({ accout: 'a', passwd: wrong }), 400, notString('passwd'));
      }
    });

    it('of a body without Content-Type are 400', async () => {
      const answer = await subject.here.send('POST', '/v1/users/login', { body: '{}' });
      expectV1Error(answer, 400, 'Request has no Content-Type');
    });

    it('of paths and methods are JSON as well', async () => {
      for (const path of ['/v1', '/v1/', '/v1/nothing', '/V1/x', '/v1/users/a/x']) {
        expectV1Error(await subject.here.send('GET', path), 404, 'Not found');
      }
      for (const [path, allowed] of [
        ['/v1/users/a', 'HEAD, GET'],
        ['/v1/users/register', 'GET, POST, HEAD'],
        ['/v1/users/logout/a', 'GET'],
      ] as const) {
        const answer = await subject.here.send('PUT', path);
        expectV1Error(answer, 405, 'Method not allowed');
        expect(answer.headers['allow']).to.equal(allowed);
      }
    });

    it('of a body that is too large are 413', async () => {
      const answer = await post({ accout: 'x'.repeat(1_048_576), passwd: 'p' });
      expectV1Error(answer, 413, 'Request body is larger than 1048576 bytes');
    });
  });
}
