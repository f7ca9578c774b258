import type { InvariantObserver } from '../invariant.js';

/** Told by an engine of its work, for the operator's figures: once for all writes that it has done together. */
export interface WriteObserver extends InvariantObserver {
  /** Writes of entries and posts are durable; `coalesced` of them took the place of one that was not applied yet. */
  accepted(writes: number, coalesced: number): void;
  /** They are in the store. Another process may do that, and tells its own observer. */
  applied(writes: number): void;
}

export const unobserved: WriteObserver = { accepted() {}, applied() {}, invariantFailed() {} };
