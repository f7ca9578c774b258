import { remainingMs } from '@keybin/shared/deadline.js';
import { unavailable } from '@keybin/shared/errors.js';
import { unmatchableHash } from './unmatchable-hash.js';
import { HashThread, type HashTask } from './hash-thread.js';

export interface PasswordsOptions {
  /** bcrypt's cost, a power of two. */
  readonly cost: number;
  /** Hashes computed at once, 1 or more. */
  readonly hashesAtOnce: number;
  /** Hashes that may wait for a core; the next one is refused. */
  readonly maxWaiting: number;
  /** Called with the time that a hash took. */
  readonly onHashed?: (seconds: number) => void;
}

/** A password that waits for a thread. */
interface Waiting {
  /** When its hash must be there, in `performance.now()`'s time. */
  readonly dueMs: number;
  readonly go: (thread: HashThread) => void;
  readonly refuse: () => void;
}

/**
 * Hashes and compares passwords off the event loop, as many at once as there are cores: more would only add waiting. The line
 * of waiting ones is bounded, in number and in time, so a flood of logins is answered and not hoarded.
 *
 * arrived --too late--> refused, unhashed.
 * arrived --a thread is free--> hashing --> answered, however long this one hash takes.
 * arrived --all are busy--> waiting --its turn--> hashing. waiting --it would not end in time if it began now--> refused, unhashed.
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
  /** How long the last hash took: about what the next one will take, on this machine at this moment. */
  #hashMs = 0;

  constructor({ cost, hashesAtOnce, maxWaiting, onHashed = () => {} }: PasswordsOptions) {
    this.#onHashed = onHashed;
    this.#cost = cost;
    this.#maxThreads = hashesAtOnce;
    this.#maxWaiting = maxWaiting;
    this.#unknownUserHash = unmatchableHash(cost);
  }

  /**
   * The bcrypt hash (`$2b$`) of a password of at most 72 bytes. Throws `unavailable` when too many are waiting, when `dueMs` is
   * over, in `performance.now()`'s time, or when it would have to wait so long that it is not hashed by then.
   */
  async hash(password: string, dueMs: number): Promise<string> {
    return String(await this.#run({ password, cost: this.#cost }, dueMs));
  }

  /**
   * Whether `password` has this hash. Without a hash (unknown user) the same work is done and the answer is no, so that time
   * does not tell who is registered; a wrong password takes the work of this cost though its hash have a lower one. Throws as `hash` does.
   */
  async matches(password: string, hash: string | undefined, dueMs: number): Promise<boolean> {
    const same = await this.#run({ password, cost: this.#cost, hash: hash ?? this.#unknownUserHash }, dueMs);
    return same === true && hash !== undefined;
  }

  /** Passwords in the line. */
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
    if (remainingMs(dueMs) === 0) throw unavailable(new Error('A password came too late to be hashed'));
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#threads < this.#maxThreads) {
      const thread = new HashThread(); // if it cannot be started, none is counted
      this.#threads += 1;
      return thread;
    }
    if (this.#waiting.length >= this.#maxWaiting) throw unavailable(new Error('Too many passwords wait to be hashed'));
    return this.#turn(dueMs);
  }

  /** Resolves with the thread that comes free; throws `unavailable` once that would be too late. */
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

  /** To the first in the line for whom it is not too late. */
  #pass(thread: HashThread): void {
    const endsMs = performance.now() + this.#hashMs;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      if (endsMs <= next.dueMs) return next.go(thread);
      next.refuse();
    }
    this.#idle.push(thread);
  }
}
