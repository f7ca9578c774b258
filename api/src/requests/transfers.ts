import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyTooSlow, unavailable, type KeybinError } from '@keybin/shared/errors.js';

/** Slower than this, on average of a window, no upload may be: a client that sends a byte now and then would hold it for ever. */
const leastBytesPerSecond = 1_024;

/** Of all places, for one account. */
const accountShare = 0.25;

export interface TransfersOptions {
  /** Uploads, and downloads. */
  readonly atOnce: number;
  /** An upload that brings too little for so long is ended. */
  readonly idleMs: number;
}

/** What an upload under way is given. */
export interface Receiving {
  /** Tells when it has to end: the client is too slow, or the process ends. */
  readonly signal: AbortSignal;
  /** To be called when its account is known. Throws `unavailable` when that has too many. */
  readonly countFor: (userId: string) => void;
}

/**
 * Uploads and downloads under way. They may take longer than other requests as long as they go on, so there are only so many at once;
 * and when the process ends they have a part of its time. Both `receiving` and `sending` throw `unavailable` when there are too many.
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

  /** Whether the body of this request may take as long as it goes on. */
  isUpload(request: IncomingMessage): boolean {
    return this.#receiving.has(request);
  }

  /** Runs `receive`, which takes the body of a request. */
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

  /** Counts an answer with a file of this account until it has ended. */
  sending(response: ServerResponse, userId: string): void {
    if (response.destroyed) return; // nobody is there any more
    const place = this.#downloads.take();
    const end = () => response.destroy();
    response.once('close', () => {
      place.leave();
      this.#enders.delete(end);
    });
    this.#enders.add(end);
    place.countFor(userId);
  }

  /** Ends all that are under way. */
  endAll(): void {
    for (const end of this.#enders) end(unavailable(new Error('the process ends')));
  }

  /** Has an upload ended that does not go on; answers what takes that back. */
  #watch(request: IncomingMessage, end: (reason: KeybinError) => void): () => void {
    const { idleMs } = this.options;
    let bytes = 0;
    const count = (chunk: Buffer) => (bytes += chunk.length);
    const timer = setInterval(() => {
      if (bytes < (leastBytesPerSecond * idleMs) / 1_000 && !request.complete) end(bodyTooSlow());
      bytes = 0;
    }, idleMs);
    request.on('data', count);
    request.pause(); // to listen has made it flow
    return () => {
      clearInterval(timer);
      request.off('data', count);
    };
  }
}

/** So many places, of which no account has more than its share. */
class Places {
  #taken = 0;
  readonly #takenBy = new Map<string, number>();

  constructor(private readonly count: number) {}

  take(): { readonly countFor: (userId: string) => void; readonly leave: () => void } {
    if (this.#taken >= this.count) throw unavailable(new Error('too many transfers'));
    this.#taken += 1;
    let owner: string | undefined;
    return {
      countFor: (userId) => {
        const before = this.#takenBy.get(userId) ?? 0;
        if (before >= Math.ceil(this.count * accountShare)) throw unavailable(new Error('too many of one account'));
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
