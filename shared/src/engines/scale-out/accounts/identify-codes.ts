import { withDeadline } from '../../../deadline.js';
import { invalidIdentifyCode, orUnavailable } from '../../../errors.js';
import type { IdentifyCodes, NewCode } from '../../../ports/engine.js';
import type { Database } from '../mongodb/database.js';
import { retryDuplicateOnce } from '../mongodb/errors.js';

/** Identify codes in MongoDB, at most one per name. They expire by `clock`, Redis's time in µs. */
export class ScaleOutIdentifyCodes implements IdentifyCodes {
  constructor(
    private readonly database: Pick<Database, 'codes' | 'bounded' | 'decisive' | 'times'>,
    private readonly clock: { readonly timeUs: number },
  ) {}

  async put({ username, codeHash, lifetimeSeconds, tries }: NewCode): Promise<void> {
    const expiresAt = new Date(this.#nowMs() + lifetimeSeconds * 1_000);
    const code = { hash: codeHash, expires_at: expiresAt, tries_left: tries };
    const options = { ...this.database.bounded, upsert: true };
    const stored = retryDuplicateOnce(() => this.database.codes.replaceOne({ _id: username }, code, options));
    await withDeadline(stored, this.database.times.answerMs, 'storing an identify code');
  }

  check(username: string, codeHash: string): Promise<void> {
    return withDeadline(this.#check(username, codeHash), this.database.times.answerMs, 'checking an identify code');
  }

  /**
   * Counts a wrong try before it compares with the right code, so concurrent guesses get at most `tries` comparisons.
   */
  async #check(username: string, codeHash: string): Promise<void> {
    const wrong = { ...this.#live(username), hash: { $ne: codeHash } };
    const { matchedCount } = await orUnavailable(
      this.database.codes.updateOne(wrong, { $inc: { tries_left: -1 } }, this.database.bounded),
    );
    if (matchedCount > 0) throw invalidIdentifyCode();
    const right = { ...this.#live(username), hash: codeHash };
    if (!(await orUnavailable(this.database.codes.findOne(right, this.database.decisive)))) throw invalidIdentifyCode();
  }

  async redeem(username: string, codeHash: string): Promise<void> {
    const right = { ...this.#live(username), hash: codeHash };
    const deleted = orUnavailable(this.database.codes.deleteOne(right, this.database.bounded));
    const { deletedCount } = await withDeadline(deleted, this.database.times.answerMs, 'redeeming an identify code');
    if (deletedCount === 0) throw invalidIdentifyCode();
  }

  /** Returns a filter that finds the name's code only if it has not expired and has tries left. */
  #live(username: string) {
    return { _id: username, expires_at: { $gt: new Date(this.#nowMs()) }, tries_left: { $gt: 0 } };
  }

  #nowMs(): number {
    return Math.floor(this.clock.timeUs / 1_000);
  }
}
