import { expect } from 'chai';
import type { Answer, KeybinClient, SendOptions } from '../../world/clients/keybin-client.js';

export const basic = (name: string, password: string) =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

/** Sends a GET with Basic authentication. */
export function getAs(client: KeybinClient, path: string, name: string, password: string): Promise<Answer> {
  return client.send('GET', path, { headers: { authorization: basic(name, password) } });
}

/** Returns a signed token. Throws if the credentials are refused. */
export async function signedToken(client: KeybinClient, name: string, password: string): Promise<string> {
  const answer = await getAs(client, '/api/token', name, password);
  expect(answer.status, answer.text).to.equal(200);
  return (answer.json as { token: string }).token; // shape is asserted in signed-tokens.ts
}

export function postUser(client: KeybinClient, json: unknown, options: SendOptions = {}): Promise<Answer> {
  return client.send('POST', '/api/users', { json, ...options });
}

/** Asserts the status and the body `{"error": message}`. */
export function expectApiError(answer: Answer, status: number, message: string): void {
  expect(`${answer.status} ${answer.text}`).to.equal(`${status} ${JSON.stringify({ error: message })}`);
  expect(answer.headers['content-type']).to.match(/^application\/json\b/);
}

export function expectUnauthorized(answer: Answer): void {
  expectApiError(answer, 401, 'Invalid credentials');
  expect(answer.headers['www-authenticate']).to.equal('Basic realm="Keybin", charset="UTF-8"');
}

export function expectGreeting(answer: Answer, name: string): void {
  expect(answer.status, answer.text).to.equal(200);
  expect(answer.json).to.deep.equal({ data: `Hello, ${name}!` });
}
