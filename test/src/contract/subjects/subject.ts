import type { KeybinClient } from '../../world/clients/keybin-client.js';
import type { RunningApi } from '../../world/processes/running.js';

/** What the contract runs against. Its members work from the suite's `before` hooks on. */
export interface Subject {
  /** Two APIs over the same data: what one of them answered, the other one knows. They may be one and the same. */
  readonly here: KeybinClient;
  readonly there: KeybinClient;
  /**
   * Starts a further API with other settings; the caller stops it. It has the same data, unless this world has an embedded engine in the
   * test's own process: two of them cannot share a directory there.
   */
  startAnother(env: Readonly<Record<string, string>>): Promise<RunningApi>;
  /** `there`, or `another` (a client of what `startAnother` has started) if that has data of its own. */
  besides(another: KeybinClient): KeybinClient;
  /**
   * Resolves when everything answered so far has got to where it finally belongs; at once where nothing is deferred. The
   * contract holds before and after it.
   */
  settle(): Promise<void>;
  /** What moves data on later, where there is such a thing: it may stand still for a while. */
  readonly workers?: { pause(): Promise<void>; resume(): Promise<void> };
}

/** One of the two processes, by turns. */
export const alternately = ({ here, there }: Pick<Subject, 'here' | 'there'>, index: number): KeybinClient =>
  index % 2 === 0 ? here : there;
