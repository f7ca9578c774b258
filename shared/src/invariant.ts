import { KeybinError } from './errors.js';

/** Conditions that must hold where a state machine changes its state. A broken one is a bug in Keybin. */
export const invariants = {
  commit_answers_each: 'A group commit answers each of its writes, or none of them.',
  commit_versions_rise: 'Each write of a group commit gets a larger version than the one before it.',
  group_applied_once: 'The writes of a group are applied by one transaction.',
  batch_entry_has_one_outcome: 'Each entry with an outcome was in the batch, and has one outcome.',
  overtaken_by_newer: 'An entry is overtaken only by a version that is not smaller than its own.',
  settled_entry_was_asked: 'Settling returns only entries that it was asked to settle.',
  sweep_lease_answer: 'The lease of a sweeper is taken, or held by another worker.',
  token_lease_answer: 'A lease on a token has an outcome that its kind can have.',
  fill_under_lease: 'The record of a token is filled only under its own lease, before the token expires.',
  upload_room_granted: 'An upload gets the space that it needs, or fails.',
  upload_is_whole: 'An upload is finished when its store has all of its bytes.',
} as const;

export type InvariantName = keyof typeof invariants;

/**
 * Error for an invariant that does not hold. It refuses the write or batch, as an outage would. The process continues.
 */
export class InvariantError extends KeybinError {
  constructor(readonly invariant: InvariantName) {
    super('unavailable', 'Service unavailable, try again later', {
      cause: new Error(`${invariant}: ${invariants[invariant]}`),
    });
  }
}

export interface InvariantObserver {
  readonly invariantFailed: (error: InvariantError) => void;
}

/** Throws an `InvariantError` unless `holds`. First it calls `observer`, which logs and counts the error. */
export function assertInvariant(holds: boolean, invariant: InvariantName, observer: InvariantObserver): void {
  if (holds) return;
  const error = new InvariantError(invariant);
  observer.invariantFailed(error);
  throw error;
}
