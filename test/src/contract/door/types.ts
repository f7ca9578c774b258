import { expect } from 'chai';
import type { Dispatcher } from 'undici';
import type { Subject } from '../subject.js';

/** Each route with a body, and its members that must be strings, with a good one. */
const bodies: readonly (readonly [Dispatcher.HttpMethod, string, Readonly<Record<string, string>>])[] = [
  ['POST', '/register', { username: 'u', password: 'p' }],
  ['POST', '/token', { username: 'u', password: 'p', client_id: 'c' }],
  ['DELETE', '/unregister', { username: 'u', password: 'p' }],
  ['POST', '/api/users', { username: 'u', password: 'p' }],
];

/** What would be an operator to a database, and whatever else is no string. */
const noStrings = [{ $gt: '' }, { $ne: null }, { $where: '1' }, {}, [], ['u'], [{ $gt: '' }], 0, 1, -1.5, true, false];

export function typesContract(subject: Subject): void {
  describe('what must be a string', () => {
    for (const [method, path, body] of bodies) {
      for (const name of Object.keys(body)) {
        it(`is refused as anything else: ${name} of ${method} ${path}`, async () => {
          for (const value of noStrings) {
            const answer = await subject.here.send(method, path, { json: { ...body, [name]: value } });
            expect(`${answer.status} ${answer.text}`).to.include('400 ').and.include(`'${name}' must be a string`);
          }
        });
      }
    }
  });
}
