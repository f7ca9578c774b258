import type { RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Requests of one connection that are under way at once: each may have an answer of a megabyte, which the client need not read. */
const mostUnderWay = 8;
/** With so many that wait to begin no more is read from the connection. */
const mostWaiting = 32;

/**
 * The requests that a client sends on one connection without waiting for their answers. Node would begin all that it has read;
 * here few are under way, the next begins when one is answered and sent, and a client that sends more waits in TCP's own way.
 */
export class Pipeline {
  /** In the order in which they came, which is that of their answers. */
  readonly #underWay: ServerResponse[] = [];
  readonly #waiting: ServerResponse[] = [];

  /** Requests are begun by `listener`. */
  constructor(
    private readonly socket: Duplex,
    private readonly listener: RequestListener,
  ) {
    socket.on('resume', () => this.#holdBack()); // node resumes by itself, after each body
    socket.once('close', () => this.#end());
  }

  /** That of the latest request. */
  get latest(): ServerResponse | undefined {
    return this.#waiting.at(-1) ?? this.#underWay.at(-1);
  }

  /** Begins the request that `response` is to, now or when it is its turn; never if the connection ends before. */
  take(response: ServerResponse): void {
    if (this.#waiting.length === 0 && this.#hasRoom()) return this.#begin(response);
    if (this.#waiting.push(response) === 1) this.#waitForOldest();
    this.#holdBack();
  }

  /** The responses whose bytes are not all in the connection yet: what is written there now would come before these. */
  unsent(): ServerResponse[] {
    return [...this.#underWay, ...this.#waiting].filter((response) => !isSent(response));
  }

  /** Tells the responses that wait for their turn that there is nobody any more: node tells the one whose turn it is. */
  #end(): void {
    for (const response of this.#underWay) {
      if (response.socket || response.writableFinished) continue;
      response.destroy();
      response.emit('close');
    }
  }

  #begin(response: ServerResponse): void {
    this.#underWay.push(response);
    this.listener(response.req, response);
  }

  #hasRoom(): boolean {
    while (this.#underWay[0]?.writableFinished) this.#underWay.shift();
    return this.#underWay.length < mostUnderWay;
  }

  #waitForOldest(): void {
    this.#underWay[0]?.once('close', () => this.#beginNext());
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

/** Node gives the connection to a response when all before it have gone; what one without it has to say is kept. */
function isSent({ writableFinished, writableEnded, socket }: ServerResponse): boolean {
  return writableFinished || (writableEnded && socket !== null);
}
