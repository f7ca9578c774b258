import { unavailable } from '@keybin/shared/errors.js';
import type { TimeBudget } from '@keybin/shared/time-budget.js';

/** Room that one body holds. */
export interface Place {
  /** Time that it waited in the queue; 0 if it was admitted at once. */
  readonly waitedMs: number;
  /** Rejects with `unavailable` if others need the place and the body is slow to arrive. */
  readonly lost: Promise<never>;
  /** Notes that the body has arrived. From then on the place cannot be lost. */
  arrived(): void;
  /**
   * Keeps the place until `work` has settled, too. The work holds the body in memory even after the request was
   * answered.
   */
  keepFor(work: Promise<unknown>): void;
  /** Frees the place. May be called twice. */
  giveBack(): void;
}

interface Holder {
  readonly bytes: number;
  readonly sinceMs: number;
  lose: ((error: Error) => void) | undefined;
}

interface Waiter {
  readonly bytes: number;
  readonly admit: () => void;
}

export type RoomTimes = Pick<TimeBudget, 'bodyWaitMs' | 'slowBodyMs'>;

const noRoom = () => unavailable(new Error('too many request bodies in memory'));

/**
 * Bounds the bytes of bodies that are in memory at once, from before they are read until their requests are answered.
 * If there is no room, a body waits in a queue, unread, for at most `bodyWaitMs`. A body that is larger than the whole
 * room is admitted alone.
 */
export class BodyMemory {
  readonly #holders = new Set<Holder>();
  readonly #line: Waiter[] = [];
  #takenBytes = 0;

  constructor(
    private readonly bytes: number,
    private readonly times: RoomTimes,
  ) {}

  /** Waits for room. Throws `unavailable` if there is none in time. */
  async take(bytes: number): Promise<Place> {
    if (this.#line.length === 0 && this.#fits(bytes)) {
      this.#takenBytes += bytes;
      return this.#placeOf(bytes, 0);
    }
    const fromMs = performance.now();
    await this.#waitInLine(bytes);
    return this.#placeOf(bytes, performance.now() - fromMs);
  }

  #fits(bytes: number): boolean {
    return this.#takenBytes === 0 || this.#takenBytes + bytes <= this.bytes;
  }

  #waitInLine(bytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        bytes,
        admit: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.#line.splice(this.#line.indexOf(waiter), 1);
        reject(noRoom());
        this.#admit(); // a smaller body may wait behind it
      }, this.times.bodyWaitMs);
      this.#line.push(waiter);
      this.#evictSlow();
    });
  }

  #admit(): void {
    for (let next = this.#line[0]; next && this.#fits(next.bytes); next = this.#line[0]) {
      this.#line.shift();
      this.#takenBytes += next.bytes; // now, so that the check of the next one sees it
      next.admit();
    }
  }

  #placeOf(bytes: number, waitedMs: number): Place {
    const holder: Holder = { bytes, sinceMs: performance.now(), lose: undefined };
    const lost = new Promise<never>((_resolve, reject) => (holder.lose = reject));
    lost.catch(() => {}); // there may be no other handler
    this.#holders.add(holder);
    let work: Promise<unknown> | undefined;
    const free = () => {
      if (!this.#holders.delete(holder)) return;
      this.#takenBytes -= bytes;
      this.#admit();
    };
    return {
      waitedMs,
      lost,
      arrived: () => (holder.lose = undefined),
      keepFor: (started) => (work = started),
      giveBack: () => void (work ? work.then(free, free) : free()),
    };
  }

  #evictSlow(): void {
    const latestMs = performance.now() - this.times.slowBodyMs;
    for (const { sinceMs, lose } of this.#holders) if (sinceMs <= latestMs) lose?.(noRoom());
  }
}
