import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedMessage {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Ends the response, or leaves it open. */
export type Reply = (response: ServerResponse) => void;

export const replyWith =
  (status: number, headers: Readonly<Record<string, string>> = {}): Reply =>
  (response) => {
    response.writeHead(status, headers).end('{}');
  };

/** Never ends the response. */
export const hang: Reply = () => {};

/**
 * A real receiver of webhooks. It replies to each message with the next of `replies`, and with 200 once there are none.
 */
export class WebhookReceiver {
  readonly received: ReceivedMessage[] = [];
  readonly replies: Reply[] = [];
  /** Largest number of concurrently open connections. */
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

  /** Starts a receiver on any free port. Resolves when it listens. */
  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/codes?to=sms`; // it listens on TCP
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
