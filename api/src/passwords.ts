import { availableParallelism } from 'node:os';
import bcrypt from 'bcrypt';
import { unavailable } from '@keybin/shared/errors.js';

export interface PasswordsOptions {
  /** bcrypt's cost, a power of two. */
  readonly cost: number;
  /** Hashes computed at once; 0: one for each core. */
  readonly hashesAtOnce: number;
  /** Hashes that may wait for a core; the next one is refused. */
  readonly maxWaiting: number;
}

/**
 * Hashes and compares passwords off the event loop, as many at once as there are cores: more would only add waiting and starve
 * everything else of CPU. The line of waiting ones is bounded, so a flood of logins is answered and not hoarded.
 */
export class Passwords {
  readonly #cost: number;
  readonly #maxWaiting: number;
  readonly #unknownUserHash: string;
  readonly #waiting: (() => void)[] = [];
  #idle: number;

  constructor({ cost, hashesAtOnce, maxWaiting }: PasswordsOptions) {
    this.#cost = cost;
    this.#maxWaiting = maxWaiting;
    this.#idle = hashesAtOnce || availableParallelism();
    // Well-formed, of this cost, and the hash of nothing known: comparing with it takes as long as with a real one.
    this.#unknownUserHash = `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`;
  }

  /** The bcrypt hash (`$2b$`) of a password of at most 72 bytes. Throws `unavailable` when too many are waiting. */
  async hash(password: string): Promise<string> {
    return this.#inTurn(async () => bcrypt.hash(password, this.#cost));
  }

  /**
   * Whether `password` has this hash. Without a hash (unknown user) the same work is done and the answer is no, so that time
   * does not tell who is registered. Throws `unavailable` when too many are waiting.
   */
  async matches(password: string, hash: string | undefined): Promise<boolean> {
    const same = await this.#inTurn(async () => bcrypt.compare(password, hash ?? this.#unknownUserHash));
    return same && hash !== undefined;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#idle > 0) this.#idle -= 1;
    else if (this.#waiting.length < this.#maxWaiting) await new Promise<void>((go) => this.#waiting.push(go));
    else throw unavailable(new Error('Too many passwords wait to be hashed'));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#idle += 1;
    }
  }
}
