import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { listen } from '@keybin/shared/process/listen.js';
import type { TimeBudget } from '@keybin/shared/time-budget.js';
import { Pipeline } from './pipeline.js';
import {
  discardRest,
  endGently,
  endWithRawAnswer,
  late,
  parseError,
  unknownCoding,
  unknownMethod,
} from './raw-answers.js';
import { hasBody } from '../requests/has-body.js';
import { hasKnownTransferCoding } from '../requests/transfer-coding.js';

export interface ServerOptions {
  /** Time for the headers of a request to arrive, and again for its body; then 408. */
  readonly requestTimeoutMs: number;
  /**
   * Returns true if a client that asks first may send its body (`Expect: 100-continue`). Without a yes, the listener
   * answers with the reason, and the client need not send the body.
   */
  readonly mayContinue?: (request: IncomingMessage) => boolean;
  /** Returns true if the time of this body is limited elsewhere. */
  readonly mayTakeLong?: (request: IncomingMessage) => boolean;
  readonly times: Pick<TimeBudget, 'lateCheckMs' | 'stillnessMs' | 'keepAliveMs' | 'idleGraceMs'>;
}

/** Maximum size of the request line and all headers; then 431. */
const maxHeaderBytes = 16 * 1_024;

/**
 * HTTP server that responds in the API's own words to requests that it cannot parse, and that drains.
 *
 * open --stopListening()--> closed to new connections: the others go on.
 * closed to new connections --close()--> draining: each request gets its response, the last one of a connection with
 * `Connection: close`.
 * Connections without a whole request head are cut after `idleGraceMs`. If they were cut sooner, a request on its way
 * would be lost.
 * draining --no connection left--> closed.
 */
export class HttpServer {
  readonly #server: Server;
  /** Open connections, each with its requests. */
  readonly #connections = new Map<Duplex, Pipeline>();
  /** Connections that end, because what arrived on them could not be parsed or came too late. */
  readonly #refused = new WeakSet<Duplex>();
  /** Time at which the head of a request with a body arrived, in `performance.now()`'s time. */
  readonly #begunMs = new WeakMap<IncomingMessage, number>();
  readonly #lateCheck: NodeJS.Timeout;
  #stopped: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly listener: RequestListener,
    private readonly options: ServerOptions,
  ) {
    const { requestTimeoutMs, times } = options;
    const lateCheckMs = Math.min(times.lateCheckMs, requestTimeoutMs);
    this.#server = createServer(
      {
        requestTimeout: 0, // node cannot let some requests take longer than others
        headersTimeout: requestTimeoutMs,
        connectionsCheckingInterval: lateCheckMs,
        keepAliveTimeout: times.keepAliveMs,
        maxHeaderSize: maxHeaderBytes,
        requireHostHeader: false, // left to the listener: node's own response has no security headers
      },
      (request, response) => this.#take(request, response),
    );
    // An unknown expectation may be ignored (RFC 9110, section 10.1.1). Node's own response has no security headers.
    this.#server.on('checkExpectation', (request, response) => this.#take(request, response));
    this.#server.on('checkContinue', (request, response) => {
      if (options.mayContinue?.(request) ?? true) response.writeContinue();
      else response.setHeader('Connection', 'close'); // the client may send its body all the same
      this.#take(request, response);
    });
    this.#lateCheck = setInterval(() => this.#refuseLate(), lateCheckMs).unref();
    this.#server.on('connection', (socket) => this.#admit(socket));
    // Uses neither the text of the error nor its packet: they hold the path of the request.
    this.#server.on('clientError', (error: ParserError, socket) => this.#refuse(codeOf(error), socket));
    // CONNECT never reaches the listener. Its socket has lost node's handlers, so a reset would end the process, and a
    // client that reads nothing would stay.
    this.#server.on('connect', (_request, socket) => {
      socket.on('error', () => {});
      socket.on('timeout', () => socket.destroy());
      this.#refuse(unknownMethod, socket);
    });
  }

  /** Listens, and returns the address as a URL. Port 0 takes a free one. Throws if the address is taken. */
  async listen(port: number, host: string): Promise<string> {
    return listen(this.#server, port, host, 'APP');
  }

  /** Accepts no new connections from now on. */
  stopListening(): void {
    this.#stopped ??= new Promise((resolve) => {
      // The `close` of an HTTP server would also cut idle connections
      NetServer.prototype.close.call(this.#server, () => resolve());
    });
  }

  /** Drains. Resolves when all accepted requests have their responses and no connection is left. */
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
    await this.#stopped;
    clearInterval(this.#lateCheck);
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    if (this.#refused.has(request.socket)) return; // it was in the same packet
    const pipeline = this.#connections.get(request.socket) ?? this.#admit(request.socket);
    const isWithBody = hasBody(request);
    if (isWithBody && !hasKnownTransferCoding(request)) return this.#refuse(unknownCoding, request.socket);
    if (this.#closed) {
      const previous = pipeline.latest;
      // RFC 9112, section 9.6: the client knows that this request is not done
      if (previous && saidClose(previous)) return;
      // The previous response is no longer the last one
      if (previous && !previous.headersSent) previous.setHeader('Connection', 'keep-alive');
      response.setHeader('Connection', 'close');
    }
    if (isWithBody) this.#begunMs.set(request, performance.now());
    pipeline.take(response);
  }

  /**
   * Cuts unused connections after `idleGraceMs`. A busy process may be late, so it first reads what has arrived by
   * then.
   */
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

  /**
   * Refuses bodies that are late, as node does with late heads. Also cuts off clients that read nothing of a response.
   */
  #refuseLate(): void {
    const { requestTimeoutMs, mayTakeLong = () => false, times } = this.options;
    const longAgoMs = performance.now() - requestTimeoutMs;
    for (const [socket, { latest: response }] of this.#connections) {
      if (!response || response.writableFinished) continue;
      // Node's own timer notices when parts of a response are sent. Setting it for each request would take a tenth of a
      // read
      if (socket instanceof Socket && !socket.timeout) socket.setTimeout(requestTimeoutMs + times.stillnessMs);
      if (response.req.complete) continue;
      const isLate = (this.#begunMs.get(response.req) ?? Infinity) <= longAgoMs;
      if (isLate && !mayTakeLong(response.req)) this.#refuse(late, socket);
    }
  }

  /** Answers a request that failed with node's error `code`, and ends the connection. No further request counts. */
  #refuse(code: string | undefined, socket: Duplex): void {
    if (this.#refused.has(socket)) return;
    this.#refused.add(socket);
    discardRest(socket);
    this.#answerRefused(code, socket);
  }

  /**
   * The connection ends with the response to its last whole request, or with an answer to what failed:
   *
   * - Bytes after a whole request may be the rest of its body, as of a length counted in characters. If its response
   *   has not begun, it goes out with `Connection: close`, which also says that nothing more was done.
   * - Else the answer to what failed follows the responses before it. The client would take it for theirs.
   * - A request whose head is whole and whose body nobody reads may be done already, such as a deletion with a broken
   *   body. Then only its own response is true. Code that reads a body starts within a turn, so this looks again a turn
   *   later (`isSettled`).
   */
  #answerRefused(code: string | undefined, socket: Duplex, isSettled = false): void {
    const unsent = this.#connections.get(socket)?.unsent() ?? [];
    const last = unsent.at(-1);
    const failed = last && !last.req.complete ? last : undefined;
    const previous = failed ? unsent.at(-2) : last;
    if (!socket.writable) socket.destroy();
    else if (previous && (failed || previous.headersSent)) {
      previous.once('close', () => this.#answerRefused(code, socket));
    } else if (previous) previous.setHeader('Connection', 'close');
    else if (failed?.headersSent) failed.once('close', () => endGently(socket));
    else if (failed && code !== late && failed.req.readableFlowing === null) {
      failed.setHeader('Connection', 'close');
      if (!isSettled) setImmediate(() => this.#answerRefused(code, socket, true));
    } else if (failed || !isSettled) endWithRawAnswer(socket, parseError(code));
  }
}

/** Error of node's parser. The reason is a text of the parser's own. */
interface ParserError extends NodeJS.ErrnoException {
  readonly reason?: string;
}

/** Returns the code of a parser's error. A coding beside a length has one code or the other, by which comes first. */
const codeOf = ({ code, reason = '' }: ParserError) =>
  code === unknownCoding && reason.includes('Content-Length') ? 'HPE_INVALID_CONTENT_LENGTH' : code;

/** True if the client was told that this is the last response of its connection. */
function saidClose(response: ServerResponse): boolean {
  return response.headersSent && response.getHeader('Connection') === 'close';
}
