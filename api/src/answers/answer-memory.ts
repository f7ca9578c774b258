import type { ServerResponse } from 'node:http';
import { ByteShares } from '@keybin/shared/batching/byte-shares.js';
import type { KeybinError } from '@keybin/shared/errors.js';

/** Largest answer that is not counted: the system takes it at once. */
const smallAnswerBytes = 16 * 1_024;

/** Bounds the bytes of answers that are in memory because their clients have not taken them yet. */
export class AnswerMemory {
  readonly #shares: ByteShares;

  constructor(bytes: number) {
    this.#shares = new ByteShares(bytes, 'bytes of answers that clients have not taken');
  }

  /**
   * Counts an answer for an account until it was sent. Returns `unavailable` if there are too many bytes. Then another
   * answer has to go out.
   */
  hold(response: ServerResponse, userId: string, bytes: number): KeybinError | undefined {
    if (bytes <= smallAnswerBytes || response.destroyed) return undefined;
    const refused = this.#shares.take(userId, bytes);
    if (!refused) response.once('close', () => this.#shares.giveBack(userId, bytes));
    return refused;
  }
}
