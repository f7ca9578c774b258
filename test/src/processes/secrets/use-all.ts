import { randomUUID } from 'node:crypto';
import type { Dispatcher } from 'undici';
import { basic } from '../../contract/api/calls.js';
import { send, type Answer, type SendOptions } from '../../world/clients/keybin-client.js';
import { RawConnection } from '../../world/clients/raw-connection.js';
import { marker, type Marked } from './marked.js';

/** An answer, and the secrets that it is meant to contain. */
interface Given {
  readonly request: string;
  readonly answer: Answer;
  readonly gives: readonly string[];
}

const readToken = ({ token }: { token: { token: string } }) => token.token;

const part = (name: string, more: string, value: string) =>
  `--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;

/** Uses every dialect with marked secrets, correctly and incorrectly, and keeps all answers. */
export class Use {
  readonly secrets: Marked[] = [];
  readonly answers: Given[] = [];
  readonly #username = `user-${randomUUID()}`;
  readonly #password = this.#secret('password', marker('password'));

  /** `url` may later be set to another API over the same data. */
  constructor(public url: string) {}

  #secret(name: string, text: string): string {
    this.secrets.push({ name, text });
    return text;
  }

  /** Sends a request whose answer contains no secret. */
  async send(method: Dispatcher.HttpMethod, path: string, options: SendOptions = {}): Promise<Answer> {
    const answer = await send(this.url, method, path, options);
    this.answers.push({ request: `${method} ${path}`, answer, gives: [] });
    return answer;
  }

  /** Sends a request whose answer contains a secret in `json` and nowhere else. */
  async #ask(
    name: string,
    read: (json: never) => unknown,
    method: Dispatcher.HttpMethod,
    path: string,
    options: SendOptions = {},
  ): Promise<string> {
    const answer = await send(this.url, method, path, options);
    const given = String(read(answer.json as never)); // the contract asserts the shapes
    if (answer.status !== 200 || given === 'undefined') throw new Error(`${name}: ${answer.status} ${answer.text}`);
    this.answers.push({ request: `${method} ${path}`, answer, gives: [name] });
    return this.#secret(name, given);
  }

  get #credentials() {
    return { username: this.#username, password: this.#password };
  }

  async keybin(): Promise<void> {
    const json = this.#credentials;
    await this.send('POST', '/register', { json });
    await this.send('POST', '/register', { json }); // taken
    const token = await this.#ask('token', readToken, 'POST', '/token', { json });
    await this.send('POST', `/user/${token}/store/key`, { json: { value: 'kept' } });
    for (const method of ['GET', 'POST', 'DELETE', 'PUT'] as const) {
      for (const path of ['store/key', 'store/no key', 'store/nothing', 'keys', '', 'store/%ff']) {
        await this.send(method, `/user/${token}/${path}`.replace(' ', '%20'));
      }
    }
    await this.send('GET', `/user/-/keys`, { headers: { authorization: `Bearer ${token}` } });
    await this.send('GET', `//user/${token}/keys`);
    const replaced = await this.#ask('next token', readToken, 'POST', '/token', { json });
    await this.send('GET', `/user/${token}/keys`); // replaced
    await this.send('GET', `/user/${replaced}x/keys`);
  }

  async api(): Promise<void> {
    const secret = this.#secret('password of /api', marker('api'));
    const username = `api-${randomUUID()}`;
    await this.send('POST', '/api/users', { json: { username, password: secret } });
    const headers = { authorization: basic(username, secret) };
    await this.send('GET', '/api/resource', { headers });
    const token = await this.#ask('signed token', (json: { token: string }) => json.token, 'GET', '/api/token', {
      headers,
    });
    for (const name of [token, `${token}x`]) {
      await this.send('GET', '/api/resource', { headers: { authorization: basic(name, secret) } });
    }
    await this.send('GET', '/api/resource', { headers: { authorization: `Bearer ${token}` } });
  }

  async v1(): Promise<void> {
    const json = { accout: this.#username, passwd: this.#password };
    const token = await this.#ask('v1 token', (body: { token: string }) => body.token, 'POST', '/v1/users/login', {
      json,
    });
    const ended = await this.#ask('ended token', (body: { token: string }) => body.token, 'POST', '/v1/users/login', {
      json,
    });
    await this.send('POST', `/v1/activity/post?token=${token}`, { json: { content: 'said' } });
    for (const path of [
      `users/${this.#username}`,
      'users/nobody',
      'activity',
      'activity/x',
      'nowhere',
      'users/upload',
    ]) {
      await this.send('GET', `/v1/${path}?token=${token}`);
    }
    await this.send('GET', `/v1/activity?token=${token}&token=${token}`);
    await this.send('GET', `/v1/users/logout/${this.#username}?token=${ended}`);
    await this.send('GET', `/v1/users/logout/${this.#username}?token=${ended}`);
    await this.#upload(token);
  }

  /** `codeOf` returns a code that was delivered another way. */
  async registration(codeOf?: (accout: string) => Promise<string>): Promise<void> {
    const passwd = this.#secret('password of /v1', marker('v1'));
    const accout = `v1-${randomUUID()}`;
    const path = `/v1/users/register?accout=${accout}`;
    const newCode = async (name: string) => {
      if (!codeOf) return this.#ask(name, (json: { identify_code: number }) => json.identify_code, 'GET', path);
      await this.send('GET', path);
      return this.#secret(name, await codeOf(accout));
    };
    const replaced = await newCode('replaced code');
    const code = await newCode('code');
    for (const identify_code of [replaced, { $gt: '' }, `${code}0`, code, code]) {
      await this.send('POST', '/v1/users/register', { json: { accout, passwd, identify_code } });
    }
  }

  async #upload(token: string): Promise<void> {
    const body = `${part('action', '', 'upload')}${part('filename', '; filename="a.txt"', 'bytes')}--b--\r\n`;
    const headers = { 'content-type': 'multipart/form-data; boundary=b' };
    await this.send('POST', `/v1/users/upload?token=${token}`, { body, headers });
    await this.send('POST', `/v1/users/upload?token=${token}`, { body: body.slice(0, -20), headers });
  }

  /** Makes mistakes that get an explanation, which must not contain the secret. */
  async mistakes(): Promise<void> {
    const wrong = this.#secret('wrong password', marker('wrong'));
    const long = this.#secret('long password', `${marker('long')}${'x'.repeat(80)}`);
    const { username } = this.#credentials;
    const types = { 'content-type': 'application/json' };
    for (const [method, path] of [
      ['POST', '/register'],
      ['POST', '/token'],
      ['DELETE', '/unregister'],
      ['POST', '/api/users'],
    ] as const) {
      for (const password of [wrong, long, `${wrong}\0`, { $gt: wrong }, [wrong]]) {
        await this.send(method, path, { json: { username, password } });
        await this.send(method, path, { json: { password } });
      }
      const cut = JSON.stringify({ username, password: wrong }).slice(0, -1);
      await this.send(method, path, { body: cut, headers: types });
      await this.send(method, path, { body: cut, headers: { ...types, 'content-encoding': 'gzip' } });
      await this.send(method, path, { body: cut });
    }
    await this.send('POST', '/v1/users/login', { json: { accout: username, passwd: wrong } });
    await this.send('GET', '/api/resource', { headers: { authorization: basic(username, wrong) } });
    await this.send('GET', '/api/resource', { headers: { authorization: `Basic ${wrong}` } });
    for (const head of [
      `GET /user/${wrong}/keys HTTP/1.1\r\n\0\r\n\r\n`,
      `POST /${wrong}\r\n\r\n`,
      `${wrong}\r\n\r\n`,
    ]) {
      const { received } = await RawConnection.exchange(this.url, head);
      this.answers.push({ request: 'no HTTP', answer: rawAnswer(received), gives: [] });
    }
  }

  /** Deletes the account. */
  async unregister(): Promise<void> {
    await this.send('DELETE', '/unregister', { json: this.#credentials });
  }
}

/** Wraps a raw response as an answer. */
const rawAnswer = (text: string): Answer => ({ status: Number(text.slice(9, 12)), headers: {}, text, json: null });
