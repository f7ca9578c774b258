import { KeybinError, unavailable } from '../../../errors.js';
import { TurnBatch } from '../../../batching/turn-batch.js';

/** A synchronous read of the store. Returns Keybin's errors instead of throwing them. */
export type SnapshotRead<T> = () => T | KeybinError;

/** Characters of texts after which no further read runs in the same turn of the event loop. */
const charactersInTurn = 8 * 1_024 * 1_024;
/** Answer to a read that has to wait for the next turn. */
const notYet = Symbol('not yet');

/** Time for long reads in one turn of the event loop. The last one of them may take a millisecond longer. */
const longReadsMs = 2;

interface LongRead {
  readonly look: SnapshotRead<unknown>;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers reads. All reads of one event-loop turn see one snapshot, which is renewed before the first of them. LMDB
 * would keep an older snapshot until a timer fires. Half of the reads after another process's acknowledged write would
 * be stale.
 */
export class Reads {
  readonly #turn: TurnBatch<SnapshotRead<unknown>, unknown>;
  readonly #longReads: LongRead[] = [];
  #snapshots = 0;
  /** Characters of texts that may still be read in this turn. */
  #left = charactersInTurn;

  /** Takes `renew`, which drops the present snapshot so that the next read takes a new one. */
  constructor(private readonly renew: () => void) {
    this.#turn = new TurnBatch((looks) => this.now(looks));
  }

  /**
   * Runs `look` after the present turn and resolves with its answer. Throws its error, or `unavailable` if the store
   * cannot be read.
   */
  async ask<T>(look: SnapshotRead<T>): Promise<T> {
    for (;;) {
      const { answers, position } = this.#turn.join(look);
      const answer = (await answers)[position];
      if (answer === notYet) continue;
      if (answer instanceof KeybinError) throw answer;
      return answer as T; // a look's answer is the value that it returned
    }
  }

  /**
   * Does as `ask` for a read that may take a millisecond, such as a page of a list. Such reads run in their order, each
   * on a snapshot of its own. A few run in one turn, however many wait, so that others have their turn.
   */
  askLong<T>(look: SnapshotRead<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const asked = this.#longReads.push({ look, resolve: resolve as (answer: unknown) => void, reject });
      if (asked === 1) setImmediate(() => this.#readLong());
    });
  }

  #readLong(): void {
    const untilMs = performance.now() + longReadsMs;
    while (this.#longReads.length > 0 && performance.now() < untilMs) {
      const [read] = this.#longReads.splice(0, 1);
      if (read) this.#answer(read);
    }
    if (this.#longReads.length > 0) setImmediate(() => this.#readLong());
  }

  #answer({ look, resolve, reject }: LongRead): void {
    try {
      const [answer] = this.now([look]);
      if (answer instanceof KeybinError) reject(answer);
      else resolve(answer);
    } catch (error) {
      reject(error);
    }
  }

  /** Counts a text that a look has read, whether or not it becomes its answer. */
  count(text: string): void {
    this.#left -= text.length;
  }

  /** Number of the snapshot that reads see while they run. It rises by 1 with each snapshot. */
  get snapshot(): number {
    return this.#snapshots;
  }

  /**
   * Takes a new snapshot and runs `looks` on it at once. Runs no further one, and answers `notYet`, after very long
   * texts: those that were read must be able to go out first.
   */
  now(looks: readonly SnapshotRead<unknown>[]): unknown[] {
    this.#left = charactersInTurn;
    try {
      this.#snapshots += 1;
      this.renew();
      return looks.map((look) => (this.#left > 0 ? look() : notYet));
    } catch (error) {
      throw unavailable(error);
    }
  }
}
