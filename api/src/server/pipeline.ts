import type { RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Maximum number of requests in flight on one connection. Each may have a response of a megabyte that the client does
 * not read.
 */
const mostInFlight = 8;
/** Number of waiting requests at which no more is read from the connection. */
const mostWaiting = 32;

/**
 * Requests that a client sends on one connection without waiting for their responses. Node would start all that it has
 * read. Here only a few are in flight, and the next one starts when a response was sent. A client that sends more is
 * slowed down by the flow control of TCP.
 */
export class Pipeline {
  /** Responses in the order in which their requests came, which is the order of sending. */
  readonly #inFlight: ServerResponse[] = [];
  readonly #waiting: ServerResponse[] = [];

  /** `listener` starts the requests. */
  constructor(
    private readonly socket: Duplex,
    private readonly listener: RequestListener,
  ) {
    socket.on('resume', () => this.#holdBack()); // node resumes by itself after each body
    socket.once('close', () => this.#end());
  }

  /** Response to the latest request. */
  get latest(): ServerResponse | undefined {
    return this.#waiting.at(-1) ?? this.#inFlight.at(-1);
  }

  /** Starts the request of `response`, now or when it is its turn. It never starts if the connection closes before. */
  take(response: ServerResponse): void {
    if (this.#waiting.length === 0 && this.#hasRoom()) return this.#begin(response);
    if (this.#waiting.push(response) === 1) this.#waitForOldest();
    this.#holdBack();
  }

  /**
   * Returns the responses that are not yet completely in the connection. Bytes written there now would come before
   * theirs.
   */
  unsent(): ServerResponse[] {
    return [...this.#inFlight, ...this.#waiting].filter((response) => !isSent(response));
  }

  /** Tells the responses in flight that the connection is closed. Node tells only the one whose turn it is. */
  #end(): void {
    for (const response of this.#inFlight) {
      if (response.socket || response.writableFinished) continue;
      response.destroy();
      response.emit('close');
    }
  }

  #begin(response: ServerResponse): void {
    this.#inFlight.push(response);
    this.listener(response.req, response);
  }

  #hasRoom(): boolean {
    while (this.#inFlight[0]?.writableFinished) this.#inFlight.shift();
    return this.#inFlight.length < mostInFlight;
  }

  #waitForOldest(): void {
    this.#inFlight[0]?.once('close', () => this.#beginNext());
  }

  #beginNext(): void {
    while (this.#waiting.length > 0 && this.#hasRoom()) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#begin(next);
    }
    if (this.#waiting.length > 0) this.#waitForOldest();
    else this.socket.resume();
  }

  #holdBack(): void {
    if (this.#waiting.length >= mostWaiting) this.socket.pause();
  }
}

/**
 * True if the whole response is in the connection. Node gives the connection to a response when all earlier ones are
 * done. Until then it keeps what is written.
 */
function isSent({ writableFinished, writableEnded, socket }: ServerResponse): boolean {
  return writableFinished || (writableEnded && socket !== null);
}
