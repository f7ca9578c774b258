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
   * `silentMs`: longest time that the connection may have been silent when the request left this process. Undefined if
   * the connection had served nothing before, so the server may not have accepted it.
   */
  | { readonly kind: 'failed'; readonly reason: string; readonly silentMs: number | undefined };

/** Time when each connection got its last request. The answer was sent later, however late this process reads it. */
const lastUsedMs = new WeakMap<Socket, number>();

/** Sends one request, once, and never throws. `isLast` is true if the server says that it closes the connection. */
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
