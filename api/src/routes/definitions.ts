/** Entry of a route in the documents. */
export interface RouteDefinition {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Template of the path, as metrics and logs name it. */
  readonly path: string;
  readonly does: string;
  /** Setting that removes the route. */
  readonly unless?: string;
}

const route = (method: RouteDefinition['method'], path: string, does: string): RouteDefinition => ({
  method,
  path,
  does,
});

/** All routes of an API, in the order of the dialects. A test compares them with those of the routers. */
export const routes: readonly RouteDefinition[] = [
  route('POST', '/register', 'Creates an account'),
  route('POST', '/token', 'Issues a token'),
  route('DELETE', '/unregister', 'Deletes the account and everything in it'),
  route('GET', '/user/:token/keys', 'Lists the keys'),
  route('GET', '/user/:token/store/:key', 'Reads a value'),
  route('POST', '/user/:token/store/:key', 'Stores a value'),
  route('DELETE', '/user/:token/store/:key', 'Deletes a value'),
  route('POST', '/api/users', 'Creates an account'),
  route('GET', '/api/users/:id', 'Returns the name of an account'),
  route('GET', '/api/token', 'Issues a signed token'),
  route('GET', '/api/resource', 'Returns a greeting, to test a login'),
  route('GET', '/v1/users/register', 'Delivers an identify code'),
  route('POST', '/v1/users/register', 'Creates an account'),
  route('POST', '/v1/users/login', 'Starts a session and issues its token'),
  route('GET', '/v1/users/logout/:name', 'Ends the session and revokes its token'),
  route('GET', '/v1/users/:name', 'Returns an account'),
  route('POST', '/v1/activity/post', 'Creates a post'),
  route('GET', '/v1/activity', 'Lists posts, newest first'),
  route('GET', '/v1/activity/:post_id', 'Returns a post'),
  route('DELETE', '/v1/activity/:post_id', 'Deletes a post'),
  route('POST', '/v1/users/upload', 'Uploads a file'),
  route('GET', '/v1/users/upload', 'Lists files, newest first'),
  route('GET', '/v1/users/upload/:file_id', 'Downloads a file'),
  route('DELETE', '/v1/users/upload/:file_id', 'Deletes a file'),
  route('GET', '/livez', 'Returns 200 while the process responds'),
  route('GET', '/readyz', 'Returns whether the process can serve'),
  {
    ...route('GET', '/metrics', 'Returns the metrics'),
    unless: '[METRICS] enabled = off',
  },
];
