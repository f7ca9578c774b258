import { unavailable } from '@keybin/shared/errors.js';
import type { TimeBudget } from '@keybin/shared/time-budget.js';

/** What one body has of the room. */
export interface Place {
  /** What it waited in line; 0 for one that was let in at once. */
  readonly waitedMs: number;
  /** Rejects with `unavailable` if others need the place and the body is slow to arrive. */
  readonly lost: Promise<never>;
  /** The body has arrived: the place is kept until it is given back. */
  arrived(): void;
  /** What holds the body in memory, though its request may be answered before: the place is kept until this has settled, too. */
  keepFor(work: Promise<unknown>): void;
  /** May be called twice. */
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

const noRoom = () => unavailable(new Error('no room for the body'));

/**
 * Bounds the bytes of bodies that are in memory at once, from before they are read until their requests are answered. Who comes when
 * there is no room waits in line, unread, for a second at most. One that is larger than all the room is let in alone.
 */
export class BodyMemory {
  readonly #holders = new Set<Holder>();
  readonly #line: Waiter[] = [];
  #takenBytes = 0;

  constructor(
    private readonly bytes: number,
    private readonly times: RoomTimes,
  ) {}

  /** Throws `unavailable` if there is no room in time. */
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
        this.#admit(); // a smaller one may stand behind it
      }, this.times.bodyWaitMs);
      this.#line.push(waiter);
      this.#evictSlow();
    });
  }

  #admit(): void {
    for (let next = this.#line[0]; next && this.#fits(next.bytes); next = this.#line[0]) {
      this.#line.shift();
      this.#takenBytes += next.bytes; // at once: the next in line must see it
      next.admit();
    }
  }

  #placeOf(bytes: number, waitedMs: number): Place {
    const holder: Holder = { bytes, sinceMs: performance.now(), lose: undefined };
    const lost = new Promise<never>((_resolve, reject) => (holder.lose = reject));
    lost.catch(() => {}); // it may have no reader
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
