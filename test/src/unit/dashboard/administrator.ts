import { send, type Answer } from '../../world/clients/keybin-client.js';
import type { ApiProcess } from '../../world/processes/keybin-process.js';

export const user = 'admin';
export const password = 'a long password';
export const adminSettings = { KEYBIN_ADMIN_USER: user, KEYBIN_ADMIN_PASSWORD: password };
export const board = '/admin/queues';

/** Returns the `Authorization` header of Basic authentication. */
export const basic = (name: string, secret: string) => `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`;

interface Options {
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a request to the dashboard as its administrator. */
export function askBoard(
  api: Pick<ApiProcess, 'url'>,
  method: Parameters<typeof send>[1],
  path: string,
  { json, headers = {} }: Options = {},
): Promise<Answer> {
  const authorized = { authorization: basic(user, password), ...headers };
  return send(api.url, method, `${board}${path}`, { ...(json !== undefined && { json }), headers: authorized });
}
