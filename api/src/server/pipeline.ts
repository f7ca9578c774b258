import type { RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Number of waiting requests at which no more is read from the connection. */
const mostWaiting = 32;

/**
 * Requests that a client sends on one connection without waiting for their responses. Node would start all that it has
 * read. Here one is in flight, and the next one starts when its response was sent. So a client that does not read its
 * responses has one of them in memory. A client that sends more is slowed down by the flow control of TCP.
 */
export class Pipeline {
  /** Response to the latest request that was started. */
  #current: ServerResponse | undefined;
  /** Responses in the order in which their requests came. */
  readonly #waiting: ServerResponse[] = [];

  /** `listener` starts the requests. */
  constructor(
    private readonly socket: Duplex,
    private readonly listener: RequestListener,
  ) {
    socket.on('resume', () => this.#holdBack()); // node resumes by itself after each body
  }

  /** Response to the latest request. */
  get latest(): ServerResponse | undefined {
    return this.#waiting.at(-1) ?? this.#current;
  }

  /** Starts the request of `response`, now or when it is its turn. It never starts if the connection closes before. */
  take(response: ServerResponse): void {
    if (response.socket) return this.#begin(response); // node gives it the connection when it is its turn
    if (this.#waiting.push(response) === 1) this.#beginNextLater();
    this.#holdBack();
  }

  /**
   * Returns the responses that are not yet completely in the connection. Bytes written there now would come before
   * theirs.
   */
  unsent(): ServerResponse[] {
    const current = this.#current && !isSent(this.#current) ? [this.#current] : [];
    return [...current, ...this.#waiting];
  }

  #begin(response: ServerResponse): void {
    this.#current = response;
    this.listener(response.req, response);
  }

  #beginNextLater(): void {
    this.#current?.once('close', () => {
      const next = this.#waiting.shift();
      if (!next?.socket || this.socket.destroyed) return; // the one before was the last, as with `Connection: close`
      this.#begin(next);
      if (this.#waiting.length > 0) this.#beginNextLater();
      else this.socket.resume();
    });
  }

  #holdBack(): void {
    if (this.#waiting.length >= mostWaiting) this.socket.pause();
  }
}

/** True if the whole response is in the connection. */
function isSent({ writableFinished, writableEnded, socket }: ServerResponse): boolean {
  return writableFinished || (writableEnded && socket !== null);
}
