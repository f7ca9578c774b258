import type { KeybinClient } from '../../world/clients/keybin-client.js';
import type { RunningApi } from '../../world/processes/running.js';

/** The service that the contract tests. Its members work once the suite's `before` hooks have run. */
export interface Subject {
  /** Two APIs on the same data. Each knows what the other one has acknowledged. They may be the same API. */
  readonly here: KeybinClient;
  readonly there: KeybinClient;
  /**
   * Starts a further API with other settings, which the caller stops. It has the same data, except in a world with an
   * embedded engine in the test's own process. Two such engines cannot share a directory in one process.
   */
  startAnother(env: Readonly<Record<string, string>>): Promise<RunningApi>;
  /** Returns `there`, or `another` if the API of `startAnother` has its own data. `another` is a client of that API. */
  besides(another: KeybinClient): KeybinClient;
  /**
   * Resolves when every acknowledged write has reached its final place. Resolves at once if the engine defers nothing.
   * The contract holds before and after it.
   */
  settle(): Promise<void>;
  /** The workers of an engine that has them. They may be paused for a while. */
  readonly workers?: { pause(): Promise<void>; resume(): Promise<void> };
}

/** Returns one of the two processes in turn. */
export const alternately = ({ here, there }: Pick<Subject, 'here' | 'there'>, index: number): KeybinClient =>
  index % 2 === 0 ? here : there;
