import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer, Socket, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { Pipeline } from './pipeline.js';
import { endWithAnswer, statusOfParseError } from './raw-answers.js';

export interface ServerOptions {
  /** For a whole request to arrive; then 408. */
  readonly requestTimeoutMs: number;
}

/** How often late requests are looked for. */
const lateCheckIntervalMs = 1_000;
/** Longer than the 60 s of usual proxies, so that it is the proxy who ends an idle connection. */
const keepAliveTimeoutMs = 65_000;
/** A client that does not know of the drain yet has this long to send a request on a connection that it holds open. */
const idleGraceMs = 250;

/**
 * An HTTP server that answers what it cannot parse in the API's own words, and that drains.
 *
 * open --stopListening()--> deaf: no new connection; the others go on.
 * deaf --close()--> draining: each request is answered, the last of its connection with `Connection: close`. Connections on which
 * no whole request head came are cut `idleGraceMs` later: sooner, those whose request is on its way would lose it.
 * draining --no connection left--> closed.
 */
export class HttpServer {
  readonly #server: Server;
  /** The open connections. */
  readonly #connections = new Map<Duplex, Pipeline>();
  #deaf: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly listener: RequestListener,
    { requestTimeoutMs }: ServerOptions,
  ) {
    this.#server = createServer(
      {
        requestTimeout: requestTimeoutMs,
        headersTimeout: requestTimeoutMs,
        connectionsCheckingInterval: Math.min(lateCheckIntervalMs, requestTimeoutMs),
        keepAliveTimeout: keepAliveTimeoutMs,
      },
      (request, response) => this.#take(request, response),
    );
    this.#server.on('connection', (socket) => this.#admit(socket));
    this.#server.on('clientError', (error, socket) => this.#refuse(error, socket));
    // CONNECT never reaches the listener, and its socket has lost node's own handler of errors: a reset would end the process.
    this.#server.on('connect', (_request, socket) =>
      endWithAnswer(
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

  /** Takes no new connection any more. */
  stopListening(): void {
    this.#deaf ??= new Promise((resolve) => {
      // The `close` of an HTTP server would also cut the connections that wait for a request
      NetServer.prototype.close.call(this.#server, () => resolve());
    });
  }

  /** Resolves when everything accepted is answered and no connection is left. */
  async close(): Promise<void> {
    this.#closed ??= this.#drain();
    return this.#closed;
  }

  async #drain(): Promise<void> {
    this.stopListening();
    for (const { latest: response } of this.#connections.values()) {
      if (!response || response.writableFinished) continue;
      if (response.headersSent) response.once('close', () => this.#cutUnusedLater());
      else response.setHeader('Connection', 'close');
    }
    this.#cutUnusedLater();
    await this.#deaf;
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const pipeline = this.#connections.get(request.socket) ?? this.#admit(request.socket);
    if (this.#closed) {
      const previous = pipeline.latest;
      if (previous && saidClose(previous)) return; // its client knows that this one is not done: RFC 9112, section 9.6
      if (previous && !previous.headersSent) previous.setHeader('Connection', 'keep-alive'); // it is not the last any more
      response.setHeader('Connection', 'close');
    }
    pipeline.take(response);
  }

  /** After what has arrived by then was read: a busy process may be late. */
  #cutUnusedLater(): void {
    const cut = () => {
      for (const [socket, { latest: response }] of this.#connections) {
        const isUsed = response ? !response.writableFinished : false;
        if (!isUsed && !socket.writableEnded) socket.destroy();
      }
    };
    if (this.#connections.size > 0) setTimeout(() => setImmediate(cut), idleGraceMs);
  }

  #admit(socket: Socket): Pipeline {
    const pipeline = new Pipeline(socket, this.listener);
    this.#connections.set(socket, pipeline);
    socket.once('close', () => this.#connections.delete(socket));
    return pipeline;
  }

  /** Of the error only the code is used: its text holds the request's path. */
  #refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
    const response = this.#connections.get(socket)?.latest;
    const owed = response && !response.writableEnded && (response.req.complete || response.headersSent);
    // An answer is still to come on this connection, and this one would be taken for it.
    if (owed || !socket.writable) socket.destroy();
    else endWithAnswer(socket, statusOfParseError(error.code));
  }
}

/** Whether the client was told that this is the last answer of its connection. */
function saidClose(response: ServerResponse): boolean {
  return response.headersSent && response.getHeader('Connection') === 'close';
}
