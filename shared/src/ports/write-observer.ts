import type { InvariantObserver } from '../invariant.js';

/** Observer of an engine's writes, for metrics. It is called once for all writes that were committed together. */
export interface WriteObserver extends InvariantObserver {
  /** Counts writes of entries and posts that are durable. `coalesced` of them replaced a pending one. */
  accepted(writes: number, coalesced: number): void;
  /** Counts writes that are in the store. Another process may apply them, and calls its own observer. */
  applied(writes: number): void;
}

export const unobserved: WriteObserver = { accepted() {}, applied() {}, invariantFailed() {} };
