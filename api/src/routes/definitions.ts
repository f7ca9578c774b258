/** A route as the documents list it. */
export interface RouteDefinition {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** The template, as metrics and logs name it. */
  readonly path: string;
  readonly does: string;
  /** The setting with which it is not there. */
  readonly unless?: string;
}

const route = (method: RouteDefinition['method'], path: string, does: string): RouteDefinition => ({
  method,
  path,
  does,
});

/** All routes of an API, in the order of the dialects. A test compares them with what the routers take. */
export const routes: readonly RouteDefinition[] = [
  route('POST', '/register', 'opens an account'),
  route('POST', '/token', 'issues a token'),
  route('DELETE', '/unregister', 'ends the account with all that is in it'),
  route('GET', '/user/:token/keys', 'lists the keys'),
  route('GET', '/user/:token/store/:key', 'reads a value'),
  route('POST', '/user/:token/store/:key', 'stores a value'),
  route('DELETE', '/user/:token/store/:key', 'deletes a value'),
  route('POST', '/api/users', 'opens an account'),
  route('GET', '/api/users/:id', 'tells the name of an account'),
  route('GET', '/api/token', 'issues a signed token'),
  route('GET', '/api/resource', 'greets whoever has logged in'),
  route('GET', '/v1/users/register', 'sends an identify code'),
  route('POST', '/v1/users/register', 'opens an account'),
  route('POST', '/v1/users/login', 'begins a session'),
  route('GET', '/v1/users/logout/:name', 'ends the session'),
  route('GET', '/v1/users/:name', 'shows an account'),
  route('POST', '/v1/activity/post', 'posts'),
  route('GET', '/v1/activity', 'lists posts, the newest first'),
  route('GET', '/v1/activity/:post_id', 'reads a post'),
  route('DELETE', '/v1/activity/:post_id', 'deletes a post'),
  route('POST', '/v1/users/upload', 'stores a file'),
  route('GET', '/v1/users/upload', 'lists the files, the newest first'),
  route('GET', '/v1/users/upload/:file_id', 'reads a file'),
  route('DELETE', '/v1/users/upload/:file_id', 'deletes a file'),
  route('GET', '/livez', 'tells that the process answers; of a worker, too'),
  route('GET', '/readyz', 'tells whether it can serve; of a worker, too'),
  {
    ...route('GET', '/metrics', 'tells the metrics; of a worker, too'),
    unless: '[METRICS] enabled = off',
  },
];
