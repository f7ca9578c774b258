import { expect } from 'chai';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import type { RunningApi } from '../../world/processes/running.js';
import { expectApiError } from '../api/calls.js';
import { expectDone, expectError, expectValue } from '../subjects/answers.js';
import type { Subject } from '../subjects/subject.js';

const tooMany = 'Request body has more than 10 JSON values';

export function manyNodes(subject: Subject): void {
  describe('in the number of JSON values', () => {
    it('refuses none by default', async () => {
      const { token } = await subject.here.newAccount();
      const value = Array<number>(200_000).fill(1);
      expectDone(await subject.here.put(token, 'many', value));
      expectValue(await subject.here.get(token, 'many'), value);
    });

    describe('with a limit', () => {
      let api: RunningApi;
      let client: KeybinClient;
      before('an API that takes ten', async () => {
        api = await subject.startAnother({ KEYBIN_LIMITS_VALUE_NODES: '10' });
        client = new KeybinClient(api.url);
      });
      after(() => api.stop());

      it('takes as many, and refuses more, however they lie within each other', async () => {
        const { token } = await client.newAccount();
        const kept = [
          [1, 2, 3, 4, 5, 6, 7, 8, 9],
          [[[[[[[[[1]]]]]]]]],
          { a: {}, b: [], c: { d: [1, '2,[', null, true] }, e: 1 },
        ];
        for (const [index, value] of kept.entries()) {
          for (const query of ['', '?x']) {
            const path = `/user/${token}/store/k${index}${query}`;
            expectDone(await client.send('POST', path, { json: { value } }));
            expectValue(await client.get(token, `k${index}`), value);
            expectError(await client.send('POST', path, { json: { value: [value] } }), 400, tooMany);
            expectError(await client.send('POST', path, { json: { value, other: 1 } }), 400, tooMany);
            expectValue(await client.get(token, `k${index}`), value);
          }
        }
      });

      it('refuses them in every interface, before the body is parsed and anybody is identified', async () => {
        const many = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`m${index}`, 1]));
        expectError(await client.send('POST', '/register', { json: many }), 400, tooMany);
        expectError(await client.send('POST', '/user/none/store/a', { json: many }), 400, tooMany);
        expectApiError(await client.send('POST', '/api/users', { json: many }), 400, tooMany);
        expectApiError(await client.send('POST', '/v1/users/login', { json: many }), 400, tooMany);
        const headers = { 'content-type': 'application/json', accept: 'application/problem+json' };
        const broken = await client.send('POST', '/token', { body: `[${'1,'.repeat(11)}`, headers });
        expect(broken.json).to.include({ status: 400, code: 'too_many_nodes' });
      });
    });
  });
}
