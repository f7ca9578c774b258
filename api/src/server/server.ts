import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { listen } from '@keybin/shared/process/listen.js';
import type { TimeBudget } from '@keybin/shared/time-budget.js';
import { Pipeline } from './pipeline.js';
import { endWithRawAnswer, late, parseError, unknownMethod } from './raw-answers.js';
import { rawHeader } from '../requests/raw-header.js';

export interface ServerOptions {
  /** For the head of a request to arrive, and then for its body; then 408. */
  readonly requestTimeoutMs: number;
  /** Whether the body of this request has somebody else who looks at its time. */
  readonly mayTakeLong?: (request: IncomingMessage) => boolean;
  readonly times: Pick<TimeBudget, 'lateCheckMs' | 'stillnessMs' | 'keepAliveMs' | 'idleGraceMs'>;
}

/** Of the request line and all headers; then 431. */
const maxHeaderBytes = 16 * 1_024;

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
  /** When the head of a request that has a body had arrived, in `performance.now()`'s time. */
  readonly #begunMs = new WeakMap<IncomingMessage, number>();
  readonly #lateCheck: NodeJS.Timeout;
  #deaf: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly listener: RequestListener,
    private readonly options: ServerOptions,
  ) {
    const { requestTimeoutMs, times } = options;
    const lateCheckMs = Math.min(times.lateCheckMs, requestTimeoutMs);
    this.#server = createServer(
      {
        requestTimeout: 0, // node knows no request that may take longer than others
        headersTimeout: requestTimeoutMs,
        connectionsCheckingInterval: lateCheckMs,
        keepAliveTimeout: times.keepAliveMs,
        maxHeaderSize: maxHeaderBytes,
        requireHostHeader: false, // the listener's: node's own answer has no headers
      },
      (request, response) => this.#take(request, response),
    );
    // Nothing must be done about an expectation that is not known (RFC 9110, section 10.1.1); node's own answer has no headers.
    this.#server.on('checkExpectation', (request, response) => this.#take(request, response));
    this.#lateCheck = setInterval(() => this.#refuseLate(), lateCheckMs).unref();
    this.#server.on('connection', (socket) => this.#admit(socket));
    // Of the error only the code is used: its text holds the request's path.
    this.#server.on('clientError', ({ code }: NodeJS.ErrnoException, socket) => this.#refuse(code, socket));
    // CONNECT never reaches the listener, and its socket has lost node's own handler of errors: a reset would end the process.
    this.#server.on('connect', (_request, socket) => {
      socket.on('error', () => {});
      this.#refuse(unknownMethod, socket);
    });
  }

  /** Listens, and returns the address as a URL. Port 0 takes a free one. Throws if the address is taken. */
  async listen(port: number, host: string): Promise<string> {
    return listen(this.#server, port, host, 'APP');
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
    clearInterval(this.#lateCheck);
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const pipeline = this.#connections.get(request.socket) ?? this.#admit(request.socket);
    if (this.#closed) {
      const previous = pipeline.latest;
      if (previous && saidClose(previous)) return; // its client knows that this one is not done: RFC 9112, section 9.6
      if (previous && !previous.headersSent) previous.setHeader('Connection', 'keep-alive'); // it is not the last any more
      response.setHeader('Connection', 'close');
    }
    if (hasBody(request)) this.#begunMs.set(request, performance.now());
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
    if (this.#connections.size > 0) setTimeout(() => setImmediate(cut), this.options.times.idleGraceMs);
  }

  #admit(socket: Socket): Pipeline {
    const pipeline = new Pipeline(socket, this.listener);
    this.#connections.set(socket, pipeline);
    socket.once('close', () => this.#connections.delete(socket));
    return pipeline;
  }

  /** What node does with late heads, for bodies; and the end of clients that take nothing of an answer. */
  #refuseLate(): void {
    const { requestTimeoutMs, mayTakeLong = () => false, times } = this.options;
    const longAgoMs = performance.now() - requestTimeoutMs;
    for (const [socket, { latest: response }] of this.#connections) {
      if (!response || response.writableFinished) continue;
      // By node's own timer, which sees parts of an answer go; set for each request it takes a tenth of the time of a read
      if (socket instanceof Socket && !socket.timeout) socket.setTimeout(requestTimeoutMs + times.stillnessMs);
      if (response.req.complete) continue;
      const isLate = (this.#begunMs.get(response.req) ?? Infinity) <= longAgoMs;
      if (isLate && !mayTakeLong(response.req)) this.#refuse(late, socket);
    }
  }

  /**
   * `code`: of what went wrong with the request that was to come. One whose head came, and whose body nobody reads, may be done already,
   * such as a deletion with a broken body: then its own answer alone is true. Whoever reads a body begins to within a turn.
   */
  #refuse(code: string | undefined, socket: Duplex, isSettled = false): void {
    const unsent = this.#connections.get(socket)?.unsent() ?? [];
    const response = unsent.at(-1);
    const owed = unsent.some(({ req, headersSent }) => req.complete || headersSent);
    // An answer is still to come on this connection, and this one would be taken for it.
    if (owed || !socket.writable) socket.destroy();
    else if (code !== late && response?.req.readableFlowing === null) {
      if (isSettled) response.setHeader('Connection', 'close');
      else setImmediate(() => this.#refuse(code, socket, true));
    } else endWithRawAnswer(socket, parseError(code));
  }
}

function hasBody(request: IncomingMessage): boolean {
  return (rawHeader(request, 'content-length') ?? '0') !== '0' || rawHeader(request, 'transfer-encoding') !== undefined;
}

/** Whether the client was told that this is the last answer of its connection. */
function saidClose(response: ServerResponse): boolean {
  return response.headersSent && response.getHeader('Connection') === 'close';
}
