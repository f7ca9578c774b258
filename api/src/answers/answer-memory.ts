import type { ServerResponse } from 'node:http';
import { ByteShares } from '@keybin/shared/batching/byte-shares.js';
import type { KeybinError } from '@keybin/shared/errors.js';

/** Largest answer that is not counted: the system takes it at once. */
const smallAnswerBytes = 16 * 1_024;

/**
 * Bounds the bytes of answers that are in memory because their clients have not taken them yet. If all room is taken,
 * the account with the most of it loses its oldest answer, whose connection is cut. So a few accounts cannot keep it.
 */
export class AnswerMemory {
  readonly #shares: ByteShares;
  /** Functions that give room back, of each account, by their answers in the order in which they were read. */
  readonly #held = new Map<string, Map<ServerResponse, () => void>>();

  constructor(bytes: number) {
    this.#shares = new ByteShares(bytes, 'bytes of answers that clients have not taken');
  }

  /**
   * Counts an answer for an account until it was sent. Returns `unavailable` if the account has too many bytes. Then
   * another answer has to go out. A second answer to the same request, as after a stale one, does not count.
   */
  hold(response: ServerResponse, userId: string, bytes: number): KeybinError | undefined {
    if (bytes <= smallAnswerBytes || response.destroyed || this.#held.get(userId)?.has(response)) return undefined;
    let refused = this.#shares.take(userId, bytes);
    while (refused && this.#shares.isInShare(userId, bytes) && this.#cutOldestOfOthers(userId)) {
      refused = this.#shares.take(userId, bytes);
    }
    if (!refused) this.#note(response, userId, bytes);
    return refused;
  }

  #note(response: ServerResponse, userId: string, bytes: number): void {
    const ofAccount = this.#held.get(userId) ?? new Map<ServerResponse, () => void>();
    this.#held.set(userId, ofAccount);
    const giveBack = () => {
      if (!ofAccount.delete(response)) return; // it was cut before
      if (ofAccount.size === 0) this.#held.delete(userId);
      this.#shares.giveBack(userId, bytes);
    };
    ofAccount.set(response, giveBack);
    response.once('close', giveBack);
  }

  /** Cuts the oldest answer of the account that holds the most. Returns false if that is this account itself. */
  #cutOldestOfOthers(userId: string): boolean {
    const { heaviest = userId } = this.#shares;
    const [oldest] = this.#held.get(heaviest) ?? [];
    if (heaviest === userId || !oldest) return false;
    const [response, giveBack] = oldest;
    giveBack();
    response.destroy();
    return true;
  }
}
