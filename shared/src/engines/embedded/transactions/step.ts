import type { KeybinError } from '../../../errors.js';

/**
 * A write, run synchronously inside the transaction, so that what it reads holds until the commit. Returns Keybin's
 * errors, before it has written anything, instead of throwing them.
 */
export type Step<T> = (moment: StepContext) => T | KeybinError;

/** Transaction in which a step runs. */
export interface StepContext {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Identifies the snapshot that all steps read; `undefined` if a step sees the writes of the steps before it. */
  readonly snapshot: unknown;
  /** Returns a version larger than every one given out before, whatever the clock says. */
  readonly version: () => string;
  /** Counts the step as a write of an entry or a post, once it is on the disk. */
  readonly count: () => void;
}
