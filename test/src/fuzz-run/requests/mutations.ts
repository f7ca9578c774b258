import type { Random } from '../../fault-run/random.js';
import type { FuzzRequest } from './request.js';

type Mutation = (request: FuzzRequest, random: Random) => Partial<FuzzRequest>;

const segments = [
  '',
  '.',
  '..',
  '%00',
  '%ff',
  '%',
  '%2e%2e',
  '%2F',
  '%E0%A4%A',
  '-',
  '*',
  '0',
  '-1',
  '1e9',
  '9'.repeat(30),
  '__proto__',
  'constructor',
  '$where',
  '%7B%22%24gt%22%3A%22%22%7D',
  '%F0%9F%98%80',
  'a'.repeat(600),
  'KEPT',
  'kept%0A',
  'kept%20',
  ';',
  ':',
  '@',
  'http://x',
  'a'.repeat(9_000),
];

const queries = [
  'token[$gt]=',
  'token=',
  'token=a&token=b',
  'token=%00',
  'accout[]=a',
  'accout=%ff',
  'accout=',
  '=',
  '&&&',
  '%',
  'limit=-1',
  'limit=0',
  'limit=1e9',
  'limit=NaN',
  'limit=1&limit=2',
  'after=%00',
  'after=zzz',
  '__proto__=1',
];

const headers: readonly (readonly [string, string])[] = [
  ['Content-Type', ''],
  ['Content-Type', 'text/plain'],
  ['Content-Type', 'application/json; charset=utf-16'],
  ['Content-Type', 'application/json; charset=nonsense'],
  ['Content-Type', 'application/x-www-form-urlencoded'],
  ['Content-Type', 'multipart/form-data'],
  ['Content-Type', 'multipart/form-data; boundary='],
  ['Content-Type', `multipart/form-data; boundary=${'b'.repeat(300)}`],
  ['Content-Encoding', 'gzip'],
  ['Content-Encoding', 'br'],
  ['Content-Encoding', 'nonsense'],
  ['Accept', 'application/problem+json'],
  ['Accept', 'image/png, */*;q=0'],
  ['Accept', ',;=,q'],
  ['Authorization', 'Basic'],
  ['Authorization', 'Basic !!!'],
  ['Authorization', `Basic ${Buffer.from('a\0:b').toString('base64')}`],
  ['Authorization', `Basic ${Buffer.from(`${'n'.repeat(300)}:${'p'.repeat(300)}`).toString('base64')}`],
  ['Authorization', 'Basic OmE='],
  ['Authorization', 'Bearer'],
  ['Authorization', 'Bearer eyJhbGciOiJub25lIn0.eyJpZCI6MX0.'],
  ['Authorization', `Bearer ${'x'.repeat(5_000)}`],
  ['X-Forwarded-For', '1.2.3.4, ::1'],
  ['X-Forwarded-For', '9,'.repeat(500)],
  ['X-Forwarded-For', 'nonsense'],
  ['X-Forwarded-Proto', 'javascript'],
  ['X-Forwarded-Host', 'evil.example:99999/'],
  ['Host', ''],
  ['Host', 'a b'],
  ['Host', '[::1'],
  ['Range', 'bytes=0-0,1-1,2-2'],
  ['Range', 'bytes=99999999999999999999-'],
  ['Range', 'bytes=-0'],
  ['Range', 'lines=1-2'],
  ['If-Range', '"x"'],
  ['If-None-Match', '*'],
  ['If-Modified-Since', 'yesterday'],
  ['Expect', '100-continue'],
  ['Expect', 'the unexpected'],
  ['Upgrade', 'websocket'],
  ['Origin', 'null'],
  ['Access-Control-Request-Method', 'PUT'],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['X-Request-Id', 'x'.repeat(5_000)],
  ['Cookie', '__proto__=1'],
  ['X-Big', 'x'.repeat(20_000)],
  ['__proto__', 'x'],
];

/** Headers that leave the rest of the bytes without a whole request. */
const brokenHeaders: readonly (readonly [string, string])[] = [
  ['Content-Length', '999999'],
  ['Content-Length', '-1'],
  ['Content-Length', '1'],
  ['Transfer-Encoding', 'chunked'],
  ['Transfer-Encoding', 'identity, chunked'],
  ['Connection', 'keep-alive'],
  ['Bad Name', 'x'],
  ['X-Folded', 'a\r\n b'],
  ['X-Nul', 'a\0b'],
];

const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

/** Texts that replace a value in JSON. */
const values = [
  'null',
  'true',
  '0',
  '-1',
  '1e400',
  '123456789012345678901234567890',
  '""',
  '" "',
  '[]',
  '{}',
  '{"$gt":""}',
  '["a"]',
  '{"__proto__":{"x":1}}',
  '{"toString":1}',
  '"\\u0000"',
  '"\\ud800"',
  '"\\udc00a"',
  '"$where"',
  `"${'x'.repeat(300)}"`,
  `"${'€'.repeat(100)}"`,
  nested(900),
  nested(1_001),
  nested(100_000),
  '"a',
  '\\',
  'NaN',
];

const mutations: readonly Mutation[] = [
  (_request, random) => ({
    method: random.pick(['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE']),
  }),
  ({ path }, random) => {
    const parts = path.split('/');
    parts[1 + Math.floor(random.next() * (parts.length - 1))] = random.pick(segments);
    return { path: parts.join('/') };
  },
  ({ path }, random) => ({
    path: random.pick([
      path.toUpperCase(),
      `${path}/`,
      `/${path}`,
      `${path}/..`,
      `${path}/more`,
      `http://other.example${path}`,
      path.slice(0, -1) || '/',
      path.replace(/.$/, 'x'),
      '*',
    ]),
  }),
  ({ query }, random) => ({
    query: random.pick([(more: string) => `${query}&${more}`, (more: string) => more])(random.pick(queries)),
  }),
  ({ query }) => ({ query: query.replace(/.$/, '') }),
  ({ headers: given }, random) => {
    const header = random.pick(headers);
    const others = given.filter(([name]) => name !== header[0]);
    return { headers: random.next() < 0.8 ? [...others, header] : [...given, header] };
  },
  ({ headers: given }) => ({ headers: given.slice(1) }),
  (request, random) => ({
    headers: [...request.headers, random.pick(brokenHeaders)],
    isHttp: false,
  }),
  ...Array<Mutation>(3).fill(({ body }, random) => {
    if (!body) return { body: Buffer.from(`{"value":${random.pick(values)}}`) };
    const members = [...body.toString().matchAll(/"(\w+)":("[^"]*"|[\d.]+|\{.*\}|\[.*\]|true|false|null)/g)];
    if (members.length === 0) return { body: Buffer.from(random.pick(values)) };
    const [member, name] = random.pick(members);
    const changed = random.pick([
      `"${name}":${random.pick(values)}`,
      `"${name}x":1`,
      `${member},"${name}":${random.pick(values)}`,
      `${member},"__proto__":{"${name}":1}`,
    ]);
    return { body: Buffer.from(body.toString().replace(member, () => changed)) };
  }),
  ({ body }, random) => (body ? { body: body.subarray(0, Math.floor(random.next() * body.length)) } : {}),
  ({ body }, random) => (body ? { body: spoiled(body, random) } : { body: Buffer.from([0xff, 0, 1]) }),
  (_request, random) => ({
    body: random.pick([
      Buffer.alloc(0),
      Buffer.alloc(1_200_000, 'a'),
      Buffer.from(`{"value":"${'v'.repeat(100_000)}"}`),
    ]),
  }),
  (_request, random) => {
    const state = random.fork();
    return { isHttp: false, spoil: (bytes) => spoiled(bytes, state) };
  },
  (_request, random) => {
    const share = random.next();
    return { isHttp: false, spoil: (bytes) => bytes.subarray(0, Math.floor(share * bytes.length)) };
  },
];

/** Returns the bytes with some replaced, removed or repeated. */
function spoiled(bytes: Buffer, random: Random): Buffer {
  let changed = Buffer.from(bytes);
  for (let count = 1 + Math.floor(random.next() * 3); count > 0 && changed.length > 0; count--) {
    const at = Math.floor(random.next() * changed.length);
    const [before, after] = [changed.subarray(0, at), changed.subarray(at + 1)];
    const instead = random.pick([
      Buffer.from([Math.floor(random.next() * 256)]),
      Buffer.alloc(0),
      bytes.subarray(at, at + 9),
    ]);
    changed = Buffer.concat([before, instead, after]);
  }
  return changed;
}

/** Returns the request with one to three changes. */
export function mutated(request: FuzzRequest, random: Random): FuzzRequest {
  let changed = request;
  for (let count = random.pick([1, 1, 2, 3]); count > 0; count--) {
    const more = random.pick(mutations)(changed, random);
    changed = { ...changed, ...more, isWhole: false, isHttp: changed.isHttp && more.isHttp !== false };
  }
  return changed;
}
