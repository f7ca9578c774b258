import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { expectError } from '../subjects/answers.js';
import type { Subject } from '../subjects/subject.js';

const notJson = 'Request body is not JSON or is empty';
const badKey = 'Key must contain only alphanumeric or _ . , characters';
const badName = 'Username must be 1 to 256 bytes without control characters';
const badPassword = 'Password must be at most 72 bytes of UTF-8 and contain no NUL';
const missing = (name: string) => `Required parameter '${name}' is missing`;
const notString = (name: string) => `Parameter '${name}' must be a string`;

const withBody = [
  ['POST', '/register'],
  ['DELETE', '/unregister'],
  ['POST', '/token'],
] as const;

export function errorsContract(subject: Subject): void {
  describe('errors', () => {
    it('name a body that is absent, empty or not a JSON object', async () => {
      const { token } = await subject.here.newAccount();
      const headers = { 'content-type': 'application/json' };
      for (const [method, path] of [...withBody, ['POST', `/user/${token}/store/a`]] as const) {
        for (const body of [undefined, '', '{}', '[]', '[1]', '1', '"a"', 'null', 'true', '{', 'username=a']) {
          const options = body === undefined ? {} : { body, headers };
          expectError(await subject.here.send(method, path, options), 400, notJson);
        }
        const asText = { body: '{"username":"a"}', headers: { 'content-type': 'text/plain' } };
        expectError(await subject.here.send(method, path, asText), 400, notJson);
      }
    });

    it('name a missing Content-Type to clients that take problem details', async () => {
      const headers = { accept: 'application/problem+json' };
      const { status, json } = await subject.here.send('POST', '/token', { body: '{"username":"a"}', headers });
      expect(status).to.equal(400);
      expect(json).to.include({ detail: 'Request has no Content-Type', code: 'content_type_missing' });
    });

    it('name the first parameter that is missing', async () => {
      for (const [method, path] of withBody) {
        for (const empty of [undefined, null, '']) {
          const nameless = { json: { username: empty, password: 'p' } };
          expectError(await subject.here.send(method, path, nameless), 400, missing('username'));
          const wordless = { json: { username: 'u', password: empty } };
          expectError(await subject.here.send(method, path, wordless), 400, missing('password'));
        }
        expectError(await subject.here.send(method, path, { json: { x: 1 } }), 400, missing('username'));
      }
      const { token } = await subject.here.newAccount();
      for (const json of [{ x: 1 }, { value: null }]) {
        const answer = await subject.here.send('POST', `/user/${token}/store/a`, { json });
        expectError(answer, 400, missing('value'));
      }
    });

    it('name a parameter that is not a string', async () => {
      for (const [method, path] of withBody) {
        for (const wrong of [1, 0, true, false, [], ['a'], {}, { $ne: '' }]) {
          const name = { json: { username: wrong, password: 'p' } };
          expectError(await subject.here.send(method, path, name), 400, notString('username'));
          const word = { json: { username: 'u', password: wrong } };
          expectError(await subject.here.send(method, path, word), 400, notString('password'));
        }
      }
      for (const wrong of [1, 0, false, [], {}]) {
        expectError(await subject.here.token('u', 'p', wrong), 400, notString('client_id'));
      }
    });

    it('name a username or password that is not allowed', async () => {
      for (const name of ['x'.repeat(257), 'é'.repeat(129), 'a\nb', 'a\u0000', '\u007f', '\ud800']) {
        expectError(await subject.here.register(name, 'p'), 400, badName);
      }
      for (const password of ['x'.repeat(73), 'ß'.repeat(37), 'a\u0000b']) {
        expectError(await subject.here.register(randomUUID(), password), 400, badPassword);
      }
    });

    it('name a key that is not allowed, for every method', async () => {
      const { token } = await subject.here.newAccount();
      const json = { value: 1 };
      for (const key of ['a b', 'a-b', 'é', 'a\n', '\n', '\0', 'a/b', 'a%', '$', '*']) {
        const path = `/user/${token}/store/${encodeURIComponent(key)}`;
        for (const [method, options] of [
          ['GET', {}],
          ['DELETE', {}],
          ['POST', { json }],
        ] as const) {
          expectError(await subject.here.send(method, path, options), 400, badKey);
        }
      }
      const long = `/user/${token}/store/${'k'.repeat(513)}`;
      for (const [method, options] of [
        ['GET', {}],
        ['DELETE', {}],
        ['POST', { json }],
      ] as const) {
        expectError(await subject.here.send(method, long, options), 400, 'Key must be at most 512 bytes');
      }
    });

    it('name a value that is nested too deeply or too large', async () => {
      const { token } = await subject.here.newAccount();
      const headers = { 'content-type': 'application/json' };
      const deep = { body: `{"value":${'['.repeat(1001)}${']'.repeat(1001)}}`, headers };
      expectError(await subject.here.send('POST', `/user/${token}/store/a`, deep), 400, 'Value is nested too deeply');
      const large = { body: `{"value":"${'x'.repeat(1024 * 1024)}"}`, headers };
      const answer = await subject.here.send('POST', `/user/${token}/store/a`, large);
      expectError(answer, 413, 'Request body is larger than 1048576 bytes');
      expectError(await subject.there.get(token, 'a'), 404, `Key 'a' not found`);
    });

    it('distinguish unknown paths from methods that a path does not have', async () => {
      for (const path of ['/', '/nothing', '/user', '/user/x', '/user/x/store', '/user/x/store/', '/register/x']) {
        expectError(await subject.here.send('GET', path), 404, 'Not found');
      }
      const methods = { '/register': 'POST', '/token': 'POST', '/unregister': 'DELETE', '/user/x/keys': 'HEAD, GET' };
      for (const [path, allowed] of Object.entries(methods)) {
        const answer = await subject.here.send('PUT', path);
        expectError(answer, 405, 'Method not allowed');
        expect(list(answer.headers['allow'])).to.deep.equal(list(allowed));
      }
      const entry = await subject.here.send('PATCH', '/user/x/store/a');
      expectError(entry, 405, 'Method not allowed');
      expect(list(entry.headers['allow'])).to.deep.equal(list('GET, HEAD, POST, DELETE'));
    });

    it('come as problem details to a client that asks for them', async () => {
      const { token } = await subject.here.newAccount();
      const headers = { accept: 'application/problem+json' };
      const answer = await subject.here.send('GET', `/user/${token}/store/a`, { headers });
      expect(answer.status).to.equal(404);
      expect(answer.headers['content-type']).to.match(/^application\/problem\+json\b/);
      expect(answer.json).to.include({ status: 404, title: 'Not Found', detail: "Key 'a' not found" });
    });
  });
}

/** Splits a header that has a list. */
const list = (header: string | string[] | undefined) =>
  String(header)
    .split(/\s*,\s*/)
    .sort();
