import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { getGlobalDispatcher, type Dispatcher } from 'undici';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body, parsed. Throws if it is not JSON. */
  readonly json: unknown;
}

export interface SendOptions {
  /** Sent as JSON, with its content type. */
  readonly json?: unknown;
  /** Sent unchanged, instead of `json`. The caller sets the content type. */
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An account with a live token. */
export interface Account {
  readonly username: string;
  readonly password: string;
  readonly token: string;
}

/** Sends a request and resolves with the answer, whatever its status. `path` is sent unchanged. */
export async function send(
  baseUrl: string,
  method: Dispatcher.HttpMethod,
  path: string,
  options: SendOptions = {},
): Promise<Answer> {
  const { json, headers = {} } = options;
  const body = json === undefined ? options.body : JSON.stringify(json);
  // A URL would be normalised, but `/store/..` must arrive unchanged.
  const response = await getGlobalDispatcher().request({
    origin: baseUrl,
    path,
    method,
    headers: json === undefined ? headers : { 'content-type': 'application/json', ...headers },
    body: body ?? null,
  });
  const text = await response.body.text();
  return {
    status: response.statusCode,
    headers: response.headers,
    text,
    get json(): unknown {
      return JSON.parse(text);
    },
  };
}

/** The calls of the key/value dialect at one base URL. Keys are percent-encoded. */
export class KeybinClient {
  /** `headers` are added to every request. */
  constructor(
    readonly baseUrl: string,
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  send(method: Dispatcher.HttpMethod, path: string, options: SendOptions = {}): Promise<Answer> {
    return send(this.baseUrl, method, path, { ...options, headers: { ...this.headers, ...options.headers } });
  }

  register(username: unknown, password: unknown): Promise<Answer> {
    return this.send('POST', '/register', { json: { username, password } });
  }

  unregister(username: unknown, password: unknown): Promise<Answer> {
    return this.send('DELETE', '/unregister', { json: { username, password } });
  }

  token(username: unknown, password: unknown, clientId?: unknown): Promise<Answer> {
    return this.send('POST', '/token', { json: { username, password, client_id: clientId } });
  }

  keys(token: string): Promise<Answer> {
    return this.send('GET', `/user/${token}/keys`);
  }

  get(token: string, key: string): Promise<Answer> {
    return this.send('GET', entryPath(token, key));
  }

  put(token: string, key: string, value: unknown): Promise<Answer> {
    return this.send('POST', entryPath(token, key), { json: { value } });
  }

  delete(token: string, key: string): Promise<Answer> {
    return this.send('DELETE', entryPath(token, key));
  }

  /** Returns a new token of an existing account. Throws if the login is refused. */
  async logIn(username: string, password: string, clientId?: string): Promise<string> {
    const answer = expectOk(await this.token(username, password, clientId));
    return (answer.json as { token: { token: string } }).token.token; // the shape is asserted in contract/tokens.ts
  }

  /** Registers an account under an unused name, with a token of the client `default`. */
  async newAccount(username = `user-${randomUUID()}`, password = 'correct horse'): Promise<Account> {
    expectOk(await this.register(username, password));
    return { username, password, token: await this.logIn(username, password) };
  }
}

/** Returns the answer if its status is 200. Throws otherwise. */
export function expectOk(answer: Answer): Answer {
  if (answer.status !== 200) throw new Error(`Answered ${answer.status}: ${answer.text}`);
  return answer;
}

export const entryPath = (token: string, key: string) => `/user/${token}/store/${encodeURIComponent(key)}`;
