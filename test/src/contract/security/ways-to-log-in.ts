import { send, type Answer, type SendOptions } from '../../world/clients/keybin-client.js';

export interface Secret {
  readonly username: string;
  readonly password: string;
}

/** A route that takes a password. `ok` and `refused` are the statuses for a right and a wrong one. */
export interface WayToLogIn {
  readonly name: string;
  readonly ok: number;
  readonly refused: number;
  try(url: string, secret: Secret, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

const basic = ({ username, password }: Secret) => ({
  authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
});

const json = (body: unknown, headers = {}): SendOptions => ({ json: body, headers });

/** The routes of every dialect that take a password, except `/unregister`, which ends the account. */
export const waysToLogIn: readonly WayToLogIn[] = [
  {
    name: 'POST /token',
    ok: 200,
    refused: 403,
    try: (url, secret, headers) => send(url, 'POST', '/token', json(secret, headers)),
  },
  {
    name: 'GET /api/token',
    ok: 200,
    refused: 401,
    try: (url, secret, headers) => send(url, 'GET', '/api/token', { headers: { ...basic(secret), ...headers } }),
  },
  {
    name: 'GET /api/resource',
    ok: 200,
    refused: 401,
    try: (url, secret, headers) => send(url, 'GET', '/api/resource', { headers: { ...basic(secret), ...headers } }),
  },
  {
    name: 'POST /v1/users/login',
    ok: 200,
    refused: 401,
    try: (url, { username: accout, password: passwd }, headers) =>
      send(url, 'POST', '/v1/users/login', json({ accout, passwd }, headers)),
  },
];

export const unregistering: WayToLogIn = {
  name: 'DELETE /unregister',
  ok: 200,
  refused: 403,
  try: (url, secret, headers) => send(url, 'DELETE', '/unregister', json(secret, headers)),
};
