import { remainingMs } from '@keybin/shared/deadline.js';
import { unavailable } from '@keybin/shared/errors.js';
import { unmatchableHash } from './unmatchable-hash.js';
import { HashThread, type HashTask } from './hash-thread.js';

export interface PasswordsOptions {
  /** bcrypt cost, the base-2 logarithm of the work. */
  readonly cost: number;
  /** Hashes computed concurrently, at least 1. */
  readonly hashesAtOnce: number;
  /** Longest queue of passwords that wait for a thread. One more is refused. */
  readonly maxWaiting: number;
  /** Called with the time that each hash took. */
  readonly onHashed?: (seconds: number) => void;
}

/** A password that waits for a thread. */
interface Waiting {
  /** Time by which its hash must be there, in `performance.now()`'s time. */
  readonly dueMs: number;
  readonly go: (thread: HashThread) => void;
  readonly refuse: () => void;
}

/**
 * Hashes and compares passwords off the event loop. It computes `hashesAtOnce` hashes concurrently: more than there are
 * cores would only wait for each other. The queue is bounded in number and in time, so a flood of logins is refused
 * instead of hoarded.
 *
 * arrived --too late, or the queue is full--> refused, not hashed.
 * arrived --a thread is free--> hashing --> returned, however long this one hash takes.
 * arrived --all threads are busy--> waiting.
 * waiting --its turn--> hashing.
 * waiting --a hash that began now would end too late--> refused, not hashed.
 */
export class Passwords {
  readonly #cost: number;
  readonly #maxThreads: number;
  readonly #maxWaiting: number;
  readonly #unknownUserHash: string;
  readonly #onHashed: (seconds: number) => void;
  readonly #idle: HashThread[] = [];
  #waiting: Waiting[] = [];
  #threads = 0;
  /** Duration of the last hash, which is an estimate for the next one. */
  #hashMs = 0;

  constructor({ cost, hashesAtOnce, maxWaiting, onHashed = () => {} }: PasswordsOptions) {
    this.#onHashed = onHashed;
    this.#cost = cost;
    this.#maxThreads = hashesAtOnce;
    this.#maxWaiting = maxWaiting;
    this.#unknownUserHash = unmatchableHash(cost);
  }

  /**
   * Returns the bcrypt hash (`$2b$`) of a password of at most 72 bytes. `dueMs` is in `performance.now()`'s time.
   * Throws `unavailable` if the queue is full, if `dueMs` is over, or if the password would wait too long to be hashed
   * by then.
   */
  async hash(password: string, dueMs: number): Promise<string> {
    return String(await this.#run({ password, cost: this.#cost }, dueMs));
  }

  /**
   * Returns true if `password` has this hash. Without a hash (unknown user) it does the same work and returns false, so
   * response times do not tell which names are registered. A wrong password takes the work of the configured cost, even
   * if its hash has a lower one. Throws as `hash` does.
   */
  async matches(password: string, hash: string | undefined, dueMs: number): Promise<boolean> {
    const same = await this.#run({ password, cost: this.#cost, hash: hash ?? this.#unknownUserHash }, dueMs);
    return same === true && hash !== undefined;
  }

  /** Passwords in the queue. */
  get waiting(): number {
    return this.#waiting.length;
  }

  async #run(task: HashTask, dueMs: number): Promise<string | boolean> {
    const thread = await this.#thread(dueMs);
    const startedMs = performance.now();
    try {
      return await thread.run(task);
    } finally {
      this.#hashMs = performance.now() - startedMs;
      this.#onHashed(this.#hashMs / 1_000);
      this.#pass(thread);
    }
  }

  async #thread(dueMs: number): Promise<HashThread> {
    if (remainingMs(dueMs) === 0) throw unavailable(new Error('No time left to hash a password'));
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#threads < this.#maxThreads) {
      const thread = new HashThread(); // not counted if this throws
      this.#threads += 1;
      return thread;
    }
    if (this.#waiting.length >= this.#maxWaiting)
      throw unavailable(new Error('Too many passwords are waiting to be hashed'));
    return this.#turn(dueMs);
  }

  /** Resolves with the next free thread. Throws `unavailable` once a hash could no longer end in time. */
  async #turn(dueMs: number): Promise<HashThread> {
    let leave: NodeJS.Timeout | undefined;
    try {
      return await new Promise((go, reject) => {
        const refuse = () => reject(unavailable(new Error('A password waited too long to be hashed')));
        const waiting = { dueMs, go, refuse };
        this.#waiting.push(waiting);
        leave = setTimeout(
          () => {
            this.#waiting = this.#waiting.filter((other) => other !== waiting);
            refuse();
          },
          remainingMs(dueMs - this.#hashMs),
        );
      });
    } finally {
      clearTimeout(leave);
    }
  }

  /** Gives the thread to the first password in the queue that can still be hashed in time. Refuses those before it. */
  #pass(thread: HashThread): void {
    const endsMs = performance.now() + this.#hashMs;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      if (endsMs <= next.dueMs) return next.go(thread);
      next.refuse();
    }
    this.#idle.push(thread);
  }
}
