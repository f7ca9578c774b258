import { expect } from 'chai';
import type { Dispatcher } from 'undici';
import type { Subject } from '../subjects/subject.js';

/** Each route with a body, and the members that must be strings, with a valid value. */
const bodies: readonly (readonly [Dispatcher.HttpMethod, string, Readonly<Record<string, string>>])[] = [
  ['POST', '/register', { username: 'u', password: 'p' }],
  ['POST', '/token', { username: 'u', password: 'p', client_id: 'c' }],
  ['DELETE', '/unregister', { username: 'u', password: 'p' }],
  ['POST', '/api/users', { username: 'u', password: 'p' }],
  ['POST', '/v1/users/login', { accout: 'u', passwd: 'p' }],
  ['POST', '/v1/users/register', { accout: 'u', passwd: 'p' }],
  ['POST', '/v1/activity/post', { content: 'c' }],
];

/** Operators of a database, and other values that are not strings. */
const noStrings = [{ $gt: '' }, { $ne: null }, { $where: '1' }, {}, [], ['u'], [{ $gt: '' }], 0, 1, -1.5, true, false];

/** Queries that some parsers turn into objects and arrays. */
const queries = ['token=a&token=b', 'token[$gt]=', 'token[]=a', 'token.$gt=', 'token[a][b]=c'];

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

    it('or a number is refused as anything else: identify_code of POST /v1/users/register', async () => {
      for (const value of noStrings.filter((given) => typeof given !== 'number')) {
        const json = { accout: 'u', passwd: 'p', identify_code: value };
        const answer = await subject.here.send('POST', '/v1/users/register', { json });
        expect(`${answer.status} ${answer.text}`).to.include('400 ').and.include("'identify_code'");
      }
    });

    it('is refused as anything else in a query: accout of GET /v1/users/register', async () => {
      for (const query of ['accout=a&accout=b', 'accout[$gt]=', 'accout[]=a', '']) {
        expect((await subject.here.send('GET', `/v1/users/register?${query}`)).status, query).to.equal(400);
      }
    });

    it('is refused as anything else in a query: token', async () => {
      for (const path of [
        '/v1/users/name',
        '/v1/users/logout/name',
        '/v1/activity',
        '/v1/activity/0123456789abcdef01234567',
      ]) {
        for (const query of queries) {
          const { status } = await subject.here.send('GET', `${path}?${query}`);
          // Parameters with other names are ignored, so the token is missing
          expect(status, `${path}?${query}`).to.equal(query.startsWith('token=') ? 400 : 401);
        }
      }
    });
  });
}
