export interface SentCode {
  readonly username: string;
  readonly code: number;
  readonly lifetimeSeconds: number;
}

/** Delivers identify codes to the clients that asked for them. */
export interface CodeDelivery {
  /**
   * Delivers a code. Returns the code that the response contains, or null if it went another way. `startedMs` is the
   * start of the request in `performance.now()`'s time. Throws `unavailable` if the code did not arrive.
   */
  deliver(code: SentCode, startedMs: number): Promise<number | null>;
  /** Waits for deliveries in flight. */
  close(): Promise<void>;
}
