import { remainingMs } from '@keybin/shared/deadline.js';
import { unavailable } from '@keybin/shared/errors.js';
import type { Account } from '@keybin/shared/ports/engine.js';
import type { Credentials } from '../accounts/credentials.js';
import { HashLine } from './hash-line.js';
import { HashThread, type HashTask } from './hash-thread.js';
import { RightPasswords } from './right-passwords.js';
import { unmatchableHash } from './unmatchable-hash.js';

export interface PasswordsOptions {
  /** bcrypt cost, the base-2 logarithm of the work. */
  readonly cost: number;
  /** Hashes computed concurrently, at least 1. */
  readonly hashesAtOnce: number;
  /** Most passwords that wait for a thread. With one more, one is refused. */
  readonly maxWaiting: number;
  /** Time for which a right password is not hashed again. */
  readonly rightPasswordMs: number;
  /** Called with the time that each hash took. */
  readonly onHashed?: (seconds: number) => void;
}

/** Outcome of a comparison. A repeated password was not hashed, because it was right a short time ago. */
export type Match = 'wrong' | 'right' | 'repeated';

/**
 * Hashes and compares passwords off the event loop. It computes `hashesAtOnce` hashes concurrently: more than there are
 * cores would only wait for each other. The line of others is bounded in number and in time, so a flood of logins is
 * refused instead of hoarded, and it is fair, so that those who flood it wait for each other.
 *
 * arrived --right a short time ago--> repeated, not hashed.
 * arrived --too late, or no place in the line--> refused, not hashed.
 * arrived --a thread is free--> hashing --> returned, however long this one hash takes.
 * arrived --all threads are busy--> waiting.
 * waiting --its turn, and right in the meantime--> repeated, not hashed.
 * waiting --its turn--> hashing.
 * waiting --a hash that began now would end too late, or it lost its place--> refused, not hashed.
 */
export class Passwords {
  readonly #cost: number;
  readonly #maxThreads: number;
  readonly #unknownUserHash: string;
  readonly #onHashed: (seconds: number) => void;
  readonly #right: RightPasswords;
  readonly #line: HashLine<HashThread>;
  readonly #idle: HashThread[] = [];
  #threads = 0;
  /** Duration of the last hash, which is an estimate for the next one. */
  #hashMs = 0;

  constructor({ cost, hashesAtOnce, maxWaiting, rightPasswordMs, onHashed = () => {} }: PasswordsOptions) {
    this.#onHashed = onHashed;
    this.#cost = cost;
    this.#maxThreads = hashesAtOnce;
    this.#unknownUserHash = unmatchableHash(cost);
    this.#right = new RightPasswords(rightPasswordMs);
    this.#line = new HashLine(maxWaiting);
  }

  /**
   * Returns the bcrypt hash (`$2b$`) of a password of at most 72 bytes. `dueMs` is in `performance.now()`'s time.
   * Throws `unavailable` if the line has no place, if `dueMs` is over, or if the password would wait too long to be
   * hashed by then.
   */
  async hash(credentials: Credentials, dueMs: number): Promise<string> {
    const thread = await this.#thread(credentials, dueMs);
    return String(await this.#run(thread, { password: credentials.password, cost: this.#cost }));
  }

  /** Returns true if the password was right for this account, from the same address, a short time ago. */
  isRepeated(credentials: Credentials, account: Account | undefined): boolean {
    return this.#right.has(credentials, account);
  }

  /**
   * Compares a password with the hash of an account. Without an account (unknown user) it does the same work and
   * returns `wrong`, so response times do not tell which names are registered. A wrong password takes the work of the
   * configured cost, even if its hash has a lower one. Throws as `hash` does.
   */
  async matches(credentials: Credentials, account: Account | undefined, dueMs: number): Promise<Match> {
    const thread = await this.#thread(credentials, dueMs);
    if (this.isRepeated(credentials, account)) {
      this.#pass(thread);
      return 'repeated';
    }
    const hash = account?.passwordHash ?? this.#unknownUserHash;
    const isSame = await this.#run(thread, { password: credentials.password, cost: this.#cost, hash });
    if (isSame !== true || !account) return 'wrong';
    this.#right.keep(credentials, account);
    return 'right';
  }

  /** Passwords in the line. */
  get waiting(): number {
    return this.#line.length;
  }

  /** Runs a task on a thread and passes the thread on. */
  async #run(thread: HashThread, task: HashTask): Promise<string | boolean> {
    const startedMs = performance.now();
    try {
      return await thread.run(task);
    } finally {
      this.#hashMs = performance.now() - startedMs;
      this.#onHashed(this.#hashMs / 1_000);
      this.#pass(thread);
    }
  }

  async #thread(credentials: Credentials, dueMs: number): Promise<HashThread> {
    if (remainingMs(dueMs) === 0) throw unavailable(new Error('No time left to hash a password'));
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#threads < this.#maxThreads) {
      const thread = new HashThread(); // not counted if this throws
      this.#threads += 1;
      return thread;
    }
    return this.#line.turn(credentials, dueMs, this.#hashMs);
  }

  /** Gives the thread to the next password in the line that can still be hashed in time. */
  #pass(thread: HashThread): void {
    if (!this.#line.pass(thread, performance.now() + this.#hashMs)) this.#idle.push(thread);
  }
}
