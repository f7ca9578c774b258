import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface ServerOptions {
  /** For a whole request to arrive; then 408. */
  readonly requestTimeoutMs: number;
}

/** How often late requests are looked for. */
const lateCheckIntervalMs = 1_000;
/** Longer than the 60 s of usual proxies, so that it is the proxy who ends an idle connection. */
const keepAliveTimeoutMs = 65_000;
/** How long a client has to read an answer that ends its connection, and to end its own side; the connection is cut then. */
const lingerMs = 1_000;
/** Of all routes: what cannot be parsed has no path to look up. */
const allMethods = 'GET, HEAD, POST, DELETE';

/**
 * An HTTP server that answers what it cannot parse in the API's own words, and that drains.
 *
 * open --close()--> draining: no new connection; idle ones end; each request that was accepted is answered, the last of its
 * connection with `Connection: close`. draining --no connection left--> closed.
 */
export class HttpServer {
  readonly #server: Server;
  /** The open connections, each with its latest answer. */
  readonly #connections = new Map<Duplex, ServerResponse | undefined>();
  #closed: Promise<void> | undefined;

  constructor(listener: RequestListener, { requestTimeoutMs }: ServerOptions) {
    this.#server = createServer(
      {
        requestTimeout: requestTimeoutMs,
        headersTimeout: requestTimeoutMs,
        connectionsCheckingInterval: Math.min(lateCheckIntervalMs, requestTimeoutMs),
        keepAliveTimeout: keepAliveTimeoutMs,
      },
      (request, response) => {
        this.#connections.set(request.socket, response);
        if (this.#closed) response.setHeader('Connection', 'close');
        listener(request, response);
      },
    );
    this.#server.on('connection', (socket) => this.#admit(socket));
    this.#server.on('clientError', (error, socket) => this.#refuse(error, socket));
    // CONNECT never reaches the listener, and its socket has lost node's own handler of errors: a reset would end the process.
    this.#server.on('connect', (_request, socket) =>
      end(
        socket.on('error', () => {}),
        405,
      ),
    );
  }

  /** Listens; port 0 takes a free one. The address that it listens at. Throws when it is taken. */
  async listen(port: number, host: string): Promise<AddressInfo> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    return this.#server.address() as AddressInfo; // an object for every server that listens on TCP
  }

  /** Resolves when everything accepted is answered and no connection is left. */
  async close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const [socket, response] of this.#connections) {
        if (response && !response.writableEnded) this.#finish(response);
        else if (isUnused(socket)) socket.destroy(); // node counts it as busy
      }
    });
    return this.#closed;
  }

  #finish(response: ServerResponse): void {
    if (response.headersSent) response.once('close', () => this.#server.closeIdleConnections());
    else response.setHeader('Connection', 'close');
  }

  #admit(socket: Socket): void {
    this.#connections.set(socket, undefined);
    socket.once('close', () => this.#connections.delete(socket));
  }

  /** Of the error only the code is used: its text holds the request's path. */
  #refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
    const response = this.#connections.get(socket);
    const owed = response && !response.writableEnded && (response.req.complete || response.headersSent);
    // An answer is still to come on this connection, and this one would be taken for it.
    if (owed || !socket.writable) socket.destroy();
    else end(socket, statusOfParseError(error.code));
  }
}

function isUnused(socket: Duplex): boolean {
  return 'bytesRead' in socket && socket.bytesRead === 0;
}

function statusOfParseError(code: string | undefined): RawStatus {
  if (code === 'HPE_INVALID_METHOD') return 405;
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408;
  return 400;
}

type RawStatus = 400 | 405 | 408 | 431;

const rawAnswers: Readonly<Record<RawStatus, { reason: string; message: string }>> = {
  400: { reason: 'Bad Request', message: 'Request is not HTTP' },
  405: { reason: 'Method Not Allowed', message: 'Method not allowed' },
  408: { reason: 'Request Timeout', message: 'Request took too long to arrive' },
  431: { reason: 'Request Header Fields Too Large', message: 'Request headers are too large' },
};

/** Cut at once, the connection might lose the answer; left to the client, it might never end, and no drain either. */
function end(socket: Duplex, status: RawStatus): void {
  const { reason, message } = rawAnswers[status];
  const lines = [
    `HTTP/1.1 ${status} ${reason}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${message.length}`,
    'Connection: close',
  ];
  if (status === 405) lines.push(`Allow: ${allMethods}`);
  socket.end(`${lines.join('\r\n')}\r\n\r\n${message}`);
  const cut = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(cut));
}
