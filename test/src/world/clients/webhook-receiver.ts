import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedMessage {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Ends the response, or does not. */
export type Reply = (response: ServerResponse) => void;

export const replyWith =
  (status: number, headers: Readonly<Record<string, string>> = {}): Reply =>
  (response) => {
    response.writeHead(status, headers).end('{}');
  };

/** Takes the message and never answers. */
export const hang: Reply = () => {};

/** A real receiver of webhooks. It answers 200, and by `replies`, one for each message, as long as there are any. */
export class WebhookReceiver {
  readonly received: ReceivedMessage[] = [];
  readonly replies: Reply[] = [];
  /** Connections that were open at once. */
  mostConnections = 0;
  #connections = 0;

  readonly #server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      this.received.push({ method, path, headers, body });
      (this.replies.shift() ?? replyWith(200))(response);
    });
  });

  constructor() {
    this.#server.on('connection', (socket) => {
      this.#connections += 1;
      this.mostConnections = Math.max(this.mostConnections, this.#connections);
      socket.on('close', () => (this.#connections -= 1));
    });
  }

  /** Resolves when it listens, on any free port. */
  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/codes?to=sms`; // it listens on a port
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
