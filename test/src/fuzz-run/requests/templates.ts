import { basic } from '../../contract/api/calls.js';
import type { Random } from '../../fault-run/random.js';
import { uploadForm, type Actor } from '../actor.js';
import { jsonBody, type FuzzRequest } from './request.js';

type Made = Partial<Omit<FuzzRequest, 'route'>> & { readonly path: string };

/** Makers of a valid request for each route. */
const routes: Readonly<Record<string, (actor: Actor, random: Random) => Made>> = {
  'POST /register': (_actor, random) => ({
    path: '/register',
    ...jsonBody({ username: stranger(random), password: 'p' }),
  }),
  'POST /token': ({ username, password }) => ({
    path: '/token',
    ...jsonBody({ username, password, client_id: 'fuzz' }),
  }),
  'DELETE /unregister': (_actor, random) => ({
    path: '/unregister',
    ...jsonBody({ username: stranger(random), password: 'p' }),
  }),
  'GET /user/:token/store/:key': ({ token }) => ({ path: `/user/${token}/store/kept` }),
  'POST /user/:token/store/:key': ({ token }, random) => ({
    path: `/user/${token}/store/key_${random.pick([1, 2, 3])}`,
    ...jsonBody({ value: random.pick<unknown>(['', 0, false, 'text', { a: [1, { b: null }] }, [], '\ud800']) }),
  }),
  'DELETE /user/:token/store/:key': ({ token }, random) => ({
    path: `/user/${token}/store/key_${random.pick([1, 2, 3])}`,
  }),
  'GET /user/:token/keys': ({ token }, random) =>
    random.next() < 0.5
      ? { path: `/user/${token}/keys` }
      : { path: '/user/-/keys', headers: [['Authorization', `Bearer ${token}`]] },
  'POST /api/users': (_actor, random) => ({
    path: '/api/users',
    ...jsonBody({ username: stranger(random), password: 'p' }),
  }),
  'GET /api/users/:id': (_actor, random) => ({ path: `/api/users/${random.pick([1, 2, 3, 999])}` }),
  'GET /api/token': (actor) => ({ path: '/api/token', headers: [['Authorization', actor.basic]] }),
  'GET /api/resource': ({ signed }) => ({ path: '/api/resource', headers: [['Authorization', basic(signed, 'x')]] }),
  'GET /v1/users/register': (_actor, random) => ({ path: '/v1/users/register', query: `accout=${stranger(random)}` }),
  'POST /v1/users/register': (_actor, random) => ({
    path: '/v1/users/register',
    ...jsonBody({ accout: stranger(random), identify_code: 123_456, passwd: 'p' }),
  }),
  'POST /v1/users/login': ({ username: accout, password: passwd }) => ({
    path: '/v1/users/login',
    ...jsonBody({ accout, passwd }),
  }),
  'GET /v1/users/:name': ({ username, v1Token }) => ({ path: `/v1/users/${username}`, query: `token=${v1Token}` }),
  'GET /v1/users/logout/:name': ({ username, spareToken }) => ({
    path: `/v1/users/logout/${username}`,
    query: `token=${spareToken}`,
  }),
  'POST /v1/activity/post': ({ v1Token }) => ({
    path: '/v1/activity/post',
    query: `token=${v1Token}`,
    ...jsonBody({ content: 'said' }),
  }),
  'GET /v1/activity': ({ v1Token, postId }) => ({
    path: '/v1/activity',
    query: `token=${v1Token}&limit=3&after=${postId}`,
  }),
  'GET /v1/activity/:post_id': ({ v1Token, postId }) => ({
    path: `/v1/activity/${postId}`,
    headers: [['Authorization', `Bearer ${v1Token}`]],
  }),
  'DELETE /v1/activity/:post_id': ({ v1Token, postId }) => ({
    path: `/v1/activity/${postId}`,
    query: `token=${v1Token}`,
  }),
  'POST /v1/users/upload': ({ v1Token }) => {
    const { body, contentType } = uploadForm('fuzz.bin', 'x'.repeat(1_000));
    return { path: '/v1/users/upload', query: `token=${v1Token}`, headers: [['Content-Type', contentType]], body };
  },
  'GET /v1/users/upload': ({ v1Token }) => ({ path: '/v1/users/upload', query: `token=${v1Token}&limit=5` }),
  'GET /v1/users/upload/:file_id': ({ v1Token, fileId }, random) => ({
    path: `/v1/users/upload/${fileId}`,
    query: `token=${v1Token}`,
    headers: random.next() < 0.5 ? [] : [['Range', random.pick(['bytes=0-1', 'bytes=-1', 'bytes=2-', 'bytes=9-10'])]],
  }),
  'DELETE /v1/users/upload/:file_id': ({ v1Token, fileId }) => ({
    path: `/v1/users/upload/${fileId}`,
    query: `token=${v1Token}`,
  }),
  'GET /livez': () => ({ path: '/livez' }),
  'GET /readyz': () => ({ path: '/readyz' }),
  'GET /metrics': () => ({ path: '/metrics' }),
};

export const routeNames = Object.keys(routes);

/** Routes whose valid request is refused: `POST /v1/users/register` needs a code, and no request here has one. */
export const refusedRoutes: ReadonlySet<string> = new Set(['POST /v1/users/register']);

/** Returns the name of an account that comes and goes. */
const stranger = (random: Random) => `stranger-${Math.floor(random.next() * 10)}`;

/** Returns a valid request for a route. */
export function wholeRequest(route: string, actor: Actor, random: Random): FuzzRequest {
  const make = routes[route];
  if (!make) throw new Error(`There is no route ${route}`);
  const method = route.slice(0, route.indexOf(' '));
  return {
    query: '',
    headers: [],
    body: undefined,
    isWhole: true,
    isHttp: true,
    ...make(actor, random),
    route,
    method,
  };
}
