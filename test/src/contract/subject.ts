import type { ApiProcess } from '../world/keybin-process.js';
import type { KeybinClient } from '../world/keybin-client.js';

/** What the contract runs against. Its members work from the suite's `before` hooks on. */
export interface Subject {
  /** Two API processes over the same data: what one of them answered, the other one knows. */
  readonly here: KeybinClient;
  readonly there: KeybinClient;
  /** `token_expiration` of both. */
  readonly tokenLifetimeSeconds: number;
  /** Starts a third API process over the same data with other settings; the caller stops it. */
  startAnother(env: Readonly<Record<string, string>>): Promise<ApiProcess>;
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
