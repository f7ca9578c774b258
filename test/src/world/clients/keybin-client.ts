import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { getGlobalDispatcher, type Dispatcher } from 'undici';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body parsed; throws when it is no JSON. */
  readonly json: unknown;
}

export interface SendOptions {
  /** Sent as JSON with its content type. */
  readonly json?: unknown;
  /** Sent as it is, instead of `json`; the content type is the caller's. */
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One account with a live token. */
export interface Account {
  readonly username: string;
  readonly password: string;
  readonly token: string;
}

/** Sends one request; any status is an answer. `path` is sent as it is. */
export async function send(
  baseUrl: string,
  method: Dispatcher.HttpMethod,
  path: string,
  options: SendOptions = {},
): Promise<Answer> {
  const { json, headers = {} } = options;
  const body = json === undefined ? options.body : JSON.stringify(json);
  // Not by a URL, which would be made canonical: `/store/..` must arrive as it is.
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

/** The calls of the Keybin dialect at one base URL; keys are percent-encoded. */
export class KeybinClient {
  /** `headers` go with every request. */
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

  /** A new token of an account that is there; throws when it is refused. */
  async logIn(username: string, password: string, clientId?: string): Promise<string> {
    const answer = expectOk(await this.token(username, password, clientId));
    return (answer.json as { token: { token: string } }).token.token; // the shape is asserted in contract/tokens.ts
  }

  /** Registers an account under a name that nobody has, with a token of the client `default`. */
  async newAccount(username = `user-${randomUUID()}`, password = 'correct horse'): Promise<Account> {
    expectOk(await this.register(username, password));
    return { username, password, token: await this.logIn(username, password) };
  }
}

/** The answer itself when its status is 200; throws otherwise. */
export function expectOk(answer: Answer): Answer {
  if (answer.status !== 200) throw new Error(`Answered ${answer.status}: ${answer.text}`);
  return answer;
}

export const entryPath = (token: string, key: string) => `/user/${token}/store/${encodeURIComponent(key)}`;
