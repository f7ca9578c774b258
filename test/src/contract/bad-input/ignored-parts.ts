import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Dispatcher } from 'undici';
import { KeybinClient, type Answer, type SendOptions } from '../../world/clients/keybin-client.js';
import { basic, expectGreeting } from '../api/calls.js';
import { expectDone, expectKeys, expectValue } from '../subjects/answers.js';
import type { Subject } from '../subjects/subject.js';
import { codeIn, postIdIn } from '../v1/calls.js';
import { action, fileOf, formOf, formType, type UploadAnswer } from '../v1/upload-calls.js';

/** Preconditions that nothing meets (RFC 9110, section 13.1), and a range that nothing has. */
const unmet = {
  'If-Match': '"other"',
  'If-None-Match': '*',
  'If-Modified-Since': 'Fri, 01 Jan 2100 00:00:00 GMT',
  'If-Unmodified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT',
  Range: 'bytes=1000000-',
};

/** Defines tests of what requests may have and no interface knows. */
export function ignoredPartsContract(subject: Subject): void {
  describe('parts of a request that are ignored', () => {
    it('are unknown parameters of a query', () => useEachRoute(subject.here, { query: 'unknown=1&X=2' }));

    it('are unknown members of a JSON body', () =>
      useEachRoute(subject.here, { members: { unknown: ['x'], ttl: 1, if_match: '"other"' } }));

    for (const [name, value] of Object.entries(unmet)) {
      it(`are ${name}, except on downloads`, () =>
        useEachRoute(new KeybinClient(subject.here.baseUrl, { [name]: value })));
    }
  });
}

interface Extra {
  /** Parameters that are added to each query. */
  readonly query?: string;
  /** Members that are added to each JSON body. */
  readonly members?: object;
}

type Ask = (method: Dispatcher.HttpMethod, path: string, options?: SendOptions) => Promise<Answer>;

/** Uses each route but downloads, and expects what it answers without anything extra. */
async function useEachRoute(client: KeybinClient, { query = '', members = {} }: Extra = {}): Promise<void> {
  const ask: Ask = (method, path, { json, ...options } = {}) => {
    const target = query === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`;
    return client.send(method, target, { ...options, ...(json !== undefined && { json: { ...json, ...members } }) });
  };
  for (const path of ['/livez', '/readyz', '/metrics']) expectOk(await ask('GET', path));
  await useKeybin(ask);
  await useApi(ask);
  await useV1(ask);
}

const expectOk = ({ status, text }: Answer) => expect([status, text.length > 0], text).to.deep.equal([200, true]);

async function useKeybin(ask: Ask): Promise<void> {
  const json = { username: randomUUID(), password: 'p' };
  expectDone(await ask('POST', '/register', { json }));
  const issued = (await ask('POST', '/token', { json })).json as { token: { token: string } }; // shape has a test
  const { token } = issued.token;
  const entry = `/user/${token}/store/key`;
  expectDone(await ask('POST', entry, { json: { value: 1 } }));
  expectDone(await ask('POST', entry, { json: { value: 2 } }));
  expectValue(await ask('GET', entry), 2);
  expectKeys(await ask('GET', `/user/${token}/keys`), ['key']);
  expectDone(await ask('DELETE', entry));
  expectDone(await ask('DELETE', '/unregister', { json }));
}

async function useApi(ask: Ask): Promise<void> {
  const [username, password] = [randomUUID(), 'p'];
  const { status, headers: created } = await ask('POST', '/api/users', { json: { username, password } });
  expect(status).to.equal(201);
  const account = await ask('GET', new URL(String(created['location'])).pathname);
  expect(account.json).to.deep.equal({ username });
  const headers = { authorization: basic(username, password) };
  expectOk(await ask('GET', '/api/token', { headers }));
  expectGreeting(await ask('GET', '/api/resource', { headers }), username);
}

async function useV1(ask: Ask): Promise<void> {
  const [accout, passwd] = [randomUUID(), 'p'];
  const code = codeIn(await ask('GET', `/v1/users/register?accout=${accout}`));
  expectOk(await ask('POST', '/v1/users/register', { json: { accout, passwd, identify_code: code } }));
  const login = await ask('POST', '/v1/users/login', { json: { accout, passwd } });
  const headers = { authorization: `Bearer ${(login.json as { token: string }).token}` }; // shape has a test
  expectOk(await ask('GET', `/v1/users/${accout}`, { headers }));
  const post = postIdIn(await ask('POST', '/v1/activity/post', { json: { content: 'text' }, headers }));
  const form = { body: formOf([action, fileOf('bytes')]), headers: { ...headers, 'content-type': formType } };
  const file = ((await ask('POST', '/v1/users/upload', form)).json as UploadAnswer).file_id;
  for (const path of ['/v1/activity', `/v1/activity/${post}`, '/v1/users/upload']) {
    const { text } = await ask('GET', path, { headers });
    expect(text, path).to.include(path === '/v1/users/upload' ? file : post);
  }
  for (const path of [`/v1/activity/${post}`, `/v1/users/upload/${file}`]) {
    expectOk(await ask('DELETE', path, { headers }));
  }
  expectOk(await ask('GET', `/v1/users/logout/${accout}`, { headers }));
}
