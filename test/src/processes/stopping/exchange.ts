import { request, type Agent } from 'node:http';
import type { Socket } from 'node:net';

export interface Exchange {
  readonly agent: Agent;
  readonly method: string;
  readonly url: string;
  readonly json?: unknown;
}

export type Outcome =
  | { readonly kind: 'answered'; readonly status: number; readonly text: string; readonly isLast: boolean }
  /**
   * `silentMs`: how long the connection had been silent when the request left this process, at most; nothing if it had not served
   * before, so that the server may not have accepted it.
   */
  | { readonly kind: 'failed'; readonly reason: string; readonly silentMs: number | undefined };

/** When the last request was given to a connection: its answer was sent after that, however late this process comes to read it. */
const lastUsedMs = new WeakMap<Socket, number>();

/** Sends one request, once, and never throws. `isLast`: the server says that it ends the connection. */
export function exchange({ agent, method, url, json }: Exchange): Promise<Outcome> {
  return new Promise((resolve) => {
    const body = json === undefined ? '' : JSON.stringify(json);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    let previousMs: number | undefined;
    let leftMs: number | undefined;
    const sent = request(url, { agent, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('error', fail);
      response.on('end', () => {
        const { statusCode: status = 0, headers: answered } = response;
        resolve({ kind: 'answered', status, text, isLast: answered.connection === 'close' });
      });
    });
    sent.on('socket', (socket) => {
      previousMs = lastUsedMs.get(socket);
      lastUsedMs.set(socket, performance.now());
    });
    sent.on('finish', () => (leftMs = performance.now()));
    const fail = (error: NodeJS.ErrnoException) => {
      const silentMs = previousMs === undefined ? undefined : (leftMs ?? performance.now()) - previousMs;
      resolve({ kind: 'failed', reason: error.code ?? error.message, silentMs });
    };
    sent.on('error', fail);
    sent.end(body);
  });
}
