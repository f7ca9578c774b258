export interface SentCode {
  readonly username: string;
  readonly code: number;
  readonly lifetimeSeconds: number;
}

/** The way of a code to whoever asked for it. */
export interface CodeDelivery {
  /**
   * What the answer to the request, which began at `startedMs` in `performance.now()`'s time, says: the code, or null if it went
   * another way. Throws `unavailable` if it did not arrive.
   */
  deliver(code: SentCode, startedMs: number): Promise<number | null>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}
