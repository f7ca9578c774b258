import { KeybinError, unavailable } from '../../../errors.js';
import { TurnBatch } from '../../../batching/turn-batch.js';

/** A look at the store, done at once. Answers an error of Keybin's instead of throwing it. */
export type SnapshotRead<T> = () => T | KeybinError;

/**
 * Gathered reads: all of one event-loop turn see one snapshot, renewed before the first of them. LMDB would keep an older one
 * until a timer fires, and half of the reads after another process's answered write would be stale.
 */
export class Reads {
  readonly #turn: TurnBatch<SnapshotRead<unknown>, unknown>;
  #snapshots = 0;

  /** `renew` lets go of the present snapshot, so that the next look takes a new one. */
  constructor(private readonly renew: () => void) {
    this.#turn = new TurnBatch((looks) => this.now(looks));
  }

  /** The answer of `look`, after the present turn. Throws its error, or `unavailable` when the store cannot be read. */
  async ask<T>(look: SnapshotRead<T>): Promise<T> {
    const { answers, position } = this.#turn.join(look);
    const answer = (await answers)[position];
    if (answer instanceof KeybinError) throw answer;
    return answer as T; // `now` answers each look with what it returned
  }

  /** Counts the snapshots: the number of the one that looks see while they look. */
  get snapshot(): number {
    return this.#snapshots;
  }

  /** Takes a new snapshot and looks at once. */
  now(looks: readonly SnapshotRead<unknown>[]): unknown[] {
    try {
      this.#snapshots += 1;
      this.renew();
      return looks.map((look) => look());
    } catch (error) {
      throw unavailable(error);
    }
  }
}
