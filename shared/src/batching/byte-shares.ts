import { unavailable, type KeybinError } from '../errors.js';

/** Largest share of all bytes for one account. */
const accountShare = 0.25;

/**
 * Bounds what requests hold in memory: in all, and for each account a quarter of it. Who holds nothing else may hold
 * something larger.
 */
export class ByteShares {
  #taken = 0;
  readonly #takenBy = new Map<string, number>();

  /** `what` names what is held, for the log. */
  constructor(
    private readonly bytes: number,
    private readonly what: string,
  ) {}

  /** Account that holds the most, if any holds something. */
  get heaviest(): string | undefined {
    let [heaviest, most] = [undefined as string | undefined, 0];
    for (const [userId, bytes] of this.#takenBy) if (bytes > most) [heaviest, most] = [userId, bytes];
    return heaviest;
  }

  /** True if an account may take so many bytes as soon as others give theirs back. */
  isInShare(userId: string, bytes: number): boolean {
    const ofAccount = this.#takenBy.get(userId) ?? 0;
    return ofAccount === 0 || ofAccount + bytes <= this.bytes * accountShare;
  }

  /** Counts bytes for an account. Returns `unavailable`, and counts nothing, if there would be too many. */
  take(userId: string, bytes: number): KeybinError | undefined {
    if (!this.isInShare(userId, bytes)) return unavailable(new Error(`too many ${this.what} of one account`));
    if (this.#taken > 0 && this.#taken + bytes > this.bytes) return unavailable(new Error(`too many ${this.what}`));
    this.#taken += bytes;
    this.#takenBy.set(userId, (this.#takenBy.get(userId) ?? 0) + bytes);
    return undefined;
  }

  giveBack(userId: string, bytes: number): void {
    this.#taken -= bytes;
    const ofAccount = (this.#takenBy.get(userId) ?? 0) - bytes;
    if (ofAccount > 0) this.#takenBy.set(userId, ofAccount);
    else this.#takenBy.delete(userId);
  }
}
