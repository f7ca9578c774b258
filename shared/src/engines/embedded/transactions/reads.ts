import { KeybinError, unavailable } from '../../../errors.js';
import { TurnBatch } from '../../../batching/turn-batch.js';

/** A synchronous read of the store. Returns Keybin's errors instead of throwing them. */
export type SnapshotRead<T> = () => T | KeybinError;

/**
 * Gathers reads. All reads of one event-loop turn see one snapshot, which is renewed before the first of them. LMDB
 * would keep an older snapshot until a timer fires. Half of the reads after another process's acknowledged write would
 * be stale.
 */
export class Reads {
  readonly #turn: TurnBatch<SnapshotRead<unknown>, unknown>;
  #snapshots = 0;

  /** Takes `renew`, which drops the present snapshot so that the next read takes a new one. */
  constructor(private readonly renew: () => void) {
    this.#turn = new TurnBatch((looks) => this.now(looks));
  }

  /**
   * Runs `look` after the present turn and resolves with its answer. Throws its error, or `unavailable` if the store
   * cannot be read.
   */
  async ask<T>(look: SnapshotRead<T>): Promise<T> {
    const { answers, position } = this.#turn.join(look);
    const answer = (await answers)[position];
    if (answer instanceof KeybinError) throw answer;
    return answer as T; // a look's answer is the value that it returned
  }

  /** Number of the snapshot that reads see while they run. It rises by 1 with each snapshot. */
  get snapshot(): number {
    return this.#snapshots;
  }

  /** Takes a new snapshot and runs `looks` on it at once. */
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
