import { request, type Agent } from 'node:http';

export interface Exchange {
  readonly agent: Agent;
  readonly method: string;
  readonly url: string;
  readonly json?: unknown;
}

export type Outcome =
  | { readonly kind: 'answered'; readonly status: number; readonly text: string; readonly isLast: boolean }
  /** `isReused`: on a connection that had served before, so that the server had accepted it. */
  | { readonly kind: 'failed'; readonly reason: string; readonly isReused: boolean };

/** Sends one request, once, and never throws. `isLast`: the server says that it ends the connection. */
export function exchange({ agent, method, url, json }: Exchange): Promise<Outcome> {
  return new Promise((resolve) => {
    const body = json === undefined ? '' : JSON.stringify(json);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { agent, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('error', fail);
      response.on('end', () => {
        const { statusCode: status = 0, headers: answered } = response;
        resolve({ kind: 'answered', status, text, isLast: answered.connection === 'close' });
      });
    });
    const fail = (error: NodeJS.ErrnoException) =>
      resolve({ kind: 'failed', reason: error.code ?? error.message, isReused: sent.reusedSocket });
    sent.on('error', fail);
    sent.end(body);
  });
}
