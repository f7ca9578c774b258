import { basic } from '../contract/api/calls.js';
import type { Answer } from '../world/clients/keybin-client.js';
import { ask } from './requests/ask.js';

const keys = ['kept', 'other', '__proto__'];
const maxPosts = 20;

// The contract asserts the shapes of answers
interface TokenAnswer {
  readonly token: string;
}
interface KeybinAnswer {
  readonly token: TokenAnswer;
}

/** An account for which requests are made, with tokens of every dialect. */
export class Actor {
  readonly password = 'pass word';
  token = '';
  v1Token = '';
  /** Token of a session that requests may end. */
  spareToken = '';
  signed = '';
  postId = '';
  fileId = '';

  constructor(
    private readonly url: string,
    readonly username: string,
  ) {}

  get basic(): string {
    return basic(this.username, this.password);
  }

  /** Restores the account with all its data, whatever requests have done to it. */
  async renew(): Promise<void> {
    const json = { username: this.username, password: this.password };
    if (await this.#isWhole()) {
      const { status } = await ask(this.url, 'GET', `/v1/users/${this.username}?token=${this.spareToken}`);
      if (status !== 200) this.spareToken = await this.#logIn();
      return;
    }
    const registered = await ask(this.url, 'POST', '/register', { json });
    if (registered.status !== 409) parsed(registered);
    this.token = (parsed(await ask(this.url, 'POST', '/token', { json })) as KeybinAnswer).token.token;
    this.v1Token = await this.#logIn();
    this.spareToken = await this.#logIn();
    const headers = { authorization: this.basic };
    this.signed = (parsed(await ask(this.url, 'GET', '/api/token', { headers })) as TokenAnswer).token;
    for (const key of keys) {
      parsed(await ask(this.url, 'POST', `/user/${this.token}/store/${key}`, { json: { value: { key } } }));
    }
    const post = await ask(this.url, 'POST', `/v1/activity/post?token=${this.v1Token}`, { json: { content: 'kept' } });
    this.postId = (parsed(post) as { post_id: string }).post_id;
    const { body, contentType } = uploadForm('kept.txt', 'kept');
    const upload = { body, headers: { 'content-type': contentType } };
    const file = await ask(this.url, 'POST', `/v1/users/upload?token=${this.v1Token}`, upload);
    this.fileId = (parsed(file) as { file_id: string }).file_id;
    await this.#tidy();
  }

  async #logIn(): Promise<string> {
    const json = { accout: this.username, passwd: this.password };
    return (parsed(await ask(this.url, 'POST', '/v1/users/login', { json })) as TokenAnswer).token;
  }

  async #isWhole(): Promise<boolean> {
    if (this.token === '') return false;
    const authorization = basic(this.signed, 'x');
    const answers = await Promise.all([
      ask(this.url, 'GET', `/user/${this.token}/store/kept`),
      ask(this.url, 'GET', '/api/resource', { headers: { authorization } }),
      ask(this.url, 'GET', `/v1/activity/${this.postId}?token=${this.v1Token}`),
      ask(this.url, 'HEAD', `/v1/users/upload/${this.fileId}?token=${this.v1Token}`),
    ]);
    return answers.every(({ status }) => status === 200);
  }

  /** Deletes posts and files in excess of `maxPosts`. */
  async #tidy(): Promise<void> {
    const lists = [
      ['/v1/activity', 'posts', 'post_id'],
      ['/v1/users/upload', 'files', 'file_id'],
    ] as const;
    for (const [path, name, id] of lists) {
      const query = `token=${this.v1Token}`;
      const listed = (
        parsed(await ask(this.url, 'GET', `${path}?${query}&limit=100`)) as Record<string, Record<string, string>[]>
      )[name];
      for (const item of (listed ?? []).slice(maxPosts)) {
        await ask(this.url, 'DELETE', `${path}/${item[id]}?${query}`);
      }
    }
  }

  /** Returns all data of the account that HTTP shows. */
  async shown(): Promise<unknown> {
    const get = async (path: string) => {
      const { status, text } = await ask(this.url, 'GET', path);
      return [status, text];
    };
    const list = await ask(this.url, 'GET', `/user/${this.token}/keys`);
    const listed = list.status === 200 ? (parsed(list) as { keys: string[] }).keys : [];
    const query = `token=${this.v1Token}`;
    return Promise.all([
      get(`/user/${this.token}/keys`),
      ...listed.map((key) => get(`/user/${this.token}/store/${key}`)),
      get(`/v1/users/${this.username}?${query}`),
      get(`/v1/activity?${query}&limit=100`),
      get(`/v1/users/upload?${query}&limit=100`),
    ]);
  }
}

function parsed(answer: Answer): unknown {
  if (answer.status >= 300) throw new Error(`An actor was answered ${answer.status}: ${answer.text}`);
  return answer.json;
}

const part = (head: string, value: string) => `--fuzz\r\nContent-Disposition: form-data; ${head}\r\n\r\n${value}\r\n`;

export function uploadForm(name: string, content: string): { body: Buffer; contentType: string } {
  const text = `${part('name="action"', 'upload')}${part(`name="filename"; filename="${name}"`, content)}--fuzz--\r\n`;
  return { body: Buffer.from(text), contentType: 'multipart/form-data; boundary=fuzz' };
}
