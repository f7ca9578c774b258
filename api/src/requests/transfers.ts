import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyTooSlow, unavailable, type KeybinError } from '@keybin/shared/errors.js';

/**
 * Least average rate of an upload over a window. Without it, a client that sends a byte now and then could hold an
 * upload for ever.
 */
const leastBytesPerSecond = 1_024;

/** Largest share of all places for one account. */
const accountShare = 0.25;

export interface TransfersOptions {
  /** Maximum number of concurrent uploads, and of concurrent downloads. */
  readonly atOnce: number;
  /** Length of the window over which the rate of an upload is checked. */
  readonly idleMs: number;
}

/** Signal and counter for an upload in flight. */
export interface Receiving {
  /** Aborts when the upload has to end: the client is too slow, or the process shuts down. */
  readonly signal: AbortSignal;
  /** Counts the upload for its account, once that is known. Throws `unavailable` if the account has too many. */
  readonly countFor: (userId: string) => void;
}

/**
 * Uploads and downloads in flight, long lists included. They may take longer than other requests as long as they make
 * progress, so their number is limited. During a graceful shutdown they get a part of its time. Both `receiving` and
 * `sending` throw `unavailable` if there are too many.
 */
export class Transfers {
  readonly #uploads: Places;
  readonly #downloads: Places;
  readonly #receiving = new WeakSet<IncomingMessage>();
  readonly #enders = new Set<(reason: KeybinError) => void>();

  constructor(private readonly options: TransfersOptions) {
    this.#uploads = new Places(options.atOnce);
    this.#downloads = new Places(options.atOnce);
  }

  /** True if the request is an upload in flight, whose body may take longer than that of other requests. */
  isUpload(request: IncomingMessage): boolean {
    return this.#receiving.has(request);
  }

  /** Runs `receive`, which reads the body of a request. */
  async receiving<T>(request: IncomingMessage, receive: (receiving: Receiving) => Promise<T>): Promise<T> {
    const place = this.#uploads.take();
    const ending = new AbortController();
    const end = (reason: KeybinError) => ending.abort(reason);
    const unwatch = this.#watch(request, end);
    this.#enders.add(end);
    this.#receiving.add(request);
    try {
      return await receive({ signal: ending.signal, countFor: (userId) => place.countFor(userId) });
    } finally {
      unwatch();
      this.#enders.delete(end);
      this.#receiving.delete(request);
      place.leave();
    }
  }

  /** Counts a response with a file or a long list of this account until it has ended. */
  sending(response: ServerResponse, userId: string): void {
    if (response.destroyed) return; // the client has disconnected
    const place = this.#downloads.take();
    const end = () => response.destroy();
    response.once('close', () => {
      place.leave();
      this.#enders.delete(end);
    });
    this.#enders.add(end);
    place.countFor(userId);
  }

  /** Ends all transfers in flight. */
  endAll(): void {
    for (const end of this.#enders) end(unavailable(new Error('the process shuts down')));
  }

  /** Ends an upload that makes too little progress. Returns a function that stops watching. */
  #watch(request: IncomingMessage, end: (reason: KeybinError) => void): () => void {
    const { idleMs } = this.options;
    let bytes = 0;
    const count = (chunk: Buffer) => (bytes += chunk.length);
    const timer = setInterval(() => {
      if (bytes < (leastBytesPerSecond * idleMs) / 1_000 && !request.complete) end(bodyTooSlow());
      bytes = 0;
    }, idleMs);
    request.on('data', count);
    request.pause(); // the listener has made it flow
    return () => {
      clearInterval(timer);
      request.off('data', count);
    };
  }
}

/** A number of places, of which no account gets more than its share. */
class Places {
  #taken = 0;
  readonly #takenBy = new Map<string, number>();

  constructor(private readonly count: number) {}

  take(): { readonly countFor: (userId: string) => void; readonly leave: () => void } {
    if (this.#taken >= this.count) throw unavailable(new Error('too many concurrent transfers'));
    this.#taken += 1;
    let owner: string | undefined;
    return {
      countFor: (userId) => {
        const before = this.#takenBy.get(userId) ?? 0;
        if (before >= Math.ceil(this.count * accountShare))
          throw unavailable(new Error('too many concurrent transfers of one account'));
        this.#takenBy.set((owner = userId), before + 1);
      },
      leave: () => {
        this.#taken -= 1;
        if (owner === undefined) return;
        const left = (this.#takenBy.get(owner) ?? 1) - 1;
        if (left > 0) this.#takenBy.set(owner, left);
        else this.#takenBy.delete(owner);
      },
    };
  }
}
