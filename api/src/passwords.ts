import { unavailable } from '@keybin/shared/errors.js';
import { HashThread, type HashTask } from './hash-thread.js';

export interface PasswordsOptions {
  /** bcrypt's cost, a power of two. */
  readonly cost: number;
  /** Hashes computed at once, 1 or more. */
  readonly hashesAtOnce: number;
  /** Hashes that may wait for a core; the next one is refused. */
  readonly maxWaiting: number;
}

/**
 * Hashes and compares passwords off the event loop, as many at once as there are cores: more would only add waiting. The line
 * of waiting ones is bounded, so a flood of logins is answered and not hoarded.
 */
export class Passwords {
  readonly #cost: number;
  readonly #maxThreads: number;
  readonly #maxWaiting: number;
  readonly #unknownUserHash: string;
  readonly #waiting: ((thread: HashThread) => void)[] = [];
  readonly #idle: HashThread[] = [];
  #threads = 0;

  constructor({ cost, hashesAtOnce, maxWaiting }: PasswordsOptions) {
    this.#cost = cost;
    this.#maxThreads = hashesAtOnce;
    this.#maxWaiting = maxWaiting;
    // Well-formed, of this cost, and the hash of nothing known: comparing with it takes as long as with a real one.
    this.#unknownUserHash = `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`;
  }

  /** The bcrypt hash (`$2b$`) of a password of at most 72 bytes. Throws `unavailable` when too many are waiting. */
  async hash(password: string): Promise<string> {
    return String(await this.#run({ password, cost: this.#cost }));
  }

  /**
   * Whether `password` has this hash. Without a hash (unknown user) the same work is done and the answer is no, so that time
   * does not tell who is registered. Throws `unavailable` when too many are waiting.
   */
  async matches(password: string, hash: string | undefined): Promise<boolean> {
    const same = await this.#run({ password, cost: this.#cost, hash: hash ?? this.#unknownUserHash });
    return same === true && hash !== undefined;
  }

  async #run(task: HashTask): Promise<string | boolean> {
    const thread = await this.#thread();
    try {
      return await thread.run(task);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(thread);
      else this.#idle.push(thread);
    }
  }

  async #thread(): Promise<HashThread> {
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#threads < this.#maxThreads) {
      const thread = new HashThread(); // if it cannot be started, none is counted
      this.#threads += 1;
      return thread;
    }
    if (this.#waiting.length >= this.#maxWaiting) throw unavailable(new Error('Too many passwords wait to be hashed'));
    return new Promise((go) => this.#waiting.push(go));
  }
}
