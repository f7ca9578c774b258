import { expect } from 'chai';
import { type Account, expectOk, type Answer, type KeybinClient } from '../../world/clients/keybin-client.js';

/** An account with a token of the key/value dialect and one of `/v1`. */
export interface V1Account extends Account {
  readonly v1Token: string;
}

export const userPath = (name: string, token: string) => `/v1/users/${encodeURIComponent(name)}?token=${token}`;

export function askForCode(client: KeybinClient, name: string): Promise<Answer> {
  return client.send('GET', `/v1/users/register?accout=${encodeURIComponent(name)}`);
}

/** Returns the identify code in an answer. Throws if there is none. Its shape is asserted in registration.ts. */
export const codeIn = (answer: Answer): number => (expectOk(answer).json as { identify_code: number }).identify_code;

export function register(client: KeybinClient, accout: unknown, code: unknown, passwd: unknown): Promise<Answer> {
  return client.send('POST', '/v1/users/register', { json: { accout, identify_code: code, passwd } });
}

export function login(client: KeybinClient, accout: unknown, passwd: unknown): Promise<Answer> {
  return client.send('POST', '/v1/users/login', { json: { accout, passwd } });
}

export function view(client: KeybinClient, name: string, token: string): Promise<Answer> {
  return client.send('GET', userPath(name, token));
}

export function logout(client: KeybinClient, name: string, token: string): Promise<Answer> {
  return client.send('GET', `/v1/users/logout/${encodeURIComponent(name)}?token=${token}`);
}

/** Returns a token of an existing account. Throws if the login is refused. */
export async function v1Token(client: KeybinClient, { username, password }: Omit<Account, 'token'>): Promise<string> {
  // Shape is asserted in sessions.ts
  return (expectOk(await login(client, username, password)).json as { token: string }).token;
}

export async function newV1Account(client: KeybinClient, username?: string): Promise<V1Account> {
  const account = await client.newAccount(username);
  return { ...account, v1Token: await v1Token(client, account) };
}

/** Asserts the status and the body `{"error": message}`. */
export function expectV1Error(answer: Answer, status: number, message: string): void {
  expect(`${answer.status} ${answer.text}`).to.equal(`${status} ${JSON.stringify({ error: message })}`);
  expect(answer.headers['content-type']).to.match(/^application\/json\b/);
}

export function expectRefusedToken(answer: Answer): void {
  expectV1Error(answer, 401, 'Invalid token');
  expect(answer.headers['www-authenticate']).to.equal('Bearer realm="Keybin"');
}

export const expectForbidden = (answer: Answer) => expectV1Error(answer, 403, 'Belongs to another account');
export const expectNoUser = (answer: Answer) => expectV1Error(answer, 404, 'User not found');

export function post(client: KeybinClient, token: string, content: unknown): Promise<Answer> {
  return client.send('POST', `/v1/activity/post?token=${token}`, { json: { content } });
}

export function getPost(client: KeybinClient, id: string, token: string): Promise<Answer> {
  return client.send('GET', `/v1/activity/${id}?token=${token}`);
}

export function deletePost(client: KeybinClient, id: string, token: string): Promise<Answer> {
  return client.send('DELETE', `/v1/activity/${id}?token=${token}`);
}

export function listPosts(client: KeybinClient, token: string, page: Record<string, string> = {}): Promise<Answer> {
  return client.send('GET', `/v1/activity?${new URLSearchParams({ token, ...page }).toString()}`);
}

/** Returns the ID of a new post. Throws if the post was refused. Its shape is asserted in posts.ts. */
export const postIdIn = (answer: Answer): string => (expectOk(answer).json as { post_id: string }).post_id;
