import type { KeybinError } from '../../../errors.js';

/**
 * One write, done at once inside the transaction, so that what it reads holds until it is committed. Answers an error of
 * Keybin's, before it has written anything, instead of throwing it.
 */
export type Step<T> = (moment: StepContext) => T | KeybinError;

/** The transaction in which a step runs. */
export interface StepContext {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Which snapshot all steps look at, if none of them sees what the ones before it have written. */
  readonly snapshot: unknown;
  /** Larger than every version given out before, whatever the clock says. */
  readonly version: () => string;
  /** Has the step counted as a write of an entry or a post once it is on the disk. */
  readonly count: () => void;
}
