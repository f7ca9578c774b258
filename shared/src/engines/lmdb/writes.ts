import { setImmediate as nextTurn } from 'node:timers/promises';
import { Alternation } from '../../alternation.js';
import { answerTimeoutMs } from '../../deadline.js';
import { KeybinError, unavailable } from '../../errors.js';
import { printVersion } from './records.js';

/**
 * One write, done at once inside the transaction, so that what it reads holds until it is committed. Answers an error of
 * Keybin's, before it has written anything, instead of throwing it.
 */
export type Step<T> = (moment: Moment) => T | KeybinError;

/** The transaction in which a step runs. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Larger than every version given out before, whatever the clock says. */
  readonly version: () => string;
}

/** What `Writes` needs of the store. */
export interface Transactions {
  /** Runs `steps` under the write lock; all that they write is committed, or nothing when they throw. */
  run<T>(steps: () => T): Promise<T>;
  /** Resolves when all that was committed is on the disk. */
  flushed(): PromiseLike<unknown>;
  /** The version given out last. */
  clock(): number;
  setClock(version: number): void;
  /** Keybin's error for one that `run` or `flushed` threw. */
  failure(error: unknown): Promise<KeybinError>;
}

/** Writes whose callers share one promise, so that node drains its queues once for all of them. */
class Group {
  readonly steps: Step<unknown>[] = [];
  readonly answers: Promise<readonly unknown[]>;
  resolve: (answers: readonly unknown[]) => void = () => {};
  reject: (error: KeybinError) => void = () => {};
  timer: NodeJS.Timeout | undefined;

  constructor() {
    this.answers = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  get size(): number {
    return this.steps.length;
  }
}

/**
 * Group commit. Writes gather in groups, and a group is
 *   gathering  until it is full, or until its transaction begins: at the end of the turn, or when the one under way has ended;
 *   applied    when its steps have run inside its transaction, under LMDB's lock;
 *   written    when the transaction is on the disk;
 *   answered   when the next group, if there is one, is applied (see `Alternation`).
 * After `timeoutMs` a group is answered `unavailable` from whatever state it is in. If it has not been applied by then it never
 * is, though the lock may come later; if it has, its outcome is unknown.
 */
export class Writes {
  #groups: Group[] = [];
  readonly #alternation = new Alternation();
  #underWay: Promise<void> | undefined;

  /** `clockMs` is the time that steps see, in milliseconds since 1970. */
  constructor(
    private readonly transactions: Transactions,
    private readonly timeoutMs = answerTimeoutMs,
    private readonly clockMs: () => number = Date.now,
  ) {}

  /** The answer of `step`, once it is on the disk. Throws its error, `unavailable` or `storage_full`. */
  async apply<T>(step: Step<T>): Promise<T> {
    let group = this.#groups.at(-1);
    if (!group || group.size >= this.#alternation.fullSize) group = this.#begin();
    const position = group.steps.push(step) - 1;
    this.#underWay ??= this.#commitGathered();
    const answer = (await group.answers)[position];
    if (answer instanceof KeybinError) throw answer;
    return answer as T; // each step is answered with what it returned
  }

  #begin(): Group {
    const group = new Group();
    const expire = () => {
      group.steps.length = 0; // what was refused must not be applied any more
      this.#groups = this.#groups.filter((waiting) => waiting !== group);
      group.reject(unavailable(new Error(`write was not on the disk after ${this.timeoutMs} ms`)));
    };
    group.timer = setTimeout(expire, this.timeoutMs);
    this.#groups.push(group);
    return group;
  }

  /** Waits for all writes that came before. */
  async idle(): Promise<void> {
    await this.#underWay;
  }

  async #commitGathered(): Promise<void> {
    await nextTurn();
    while (this.#groups.length > 0) await this.#commit(this.#alternation.take(this.#groups));
    this.#underWay = undefined;
  }

  async #commit(groups: readonly Group[]): Promise<void> {
    try {
      const answers = await this.transactions.run(() => {
        const applied = this.#applyAll(groups);
        this.#alternation.underWay(groups.reduce((sum, { size }) => sum + size, 0));
        return applied;
      });
      await this.transactions.flushed();
      this.#alternation.hold(() => {
        for (const [index, group] of groups.entries()) group.resolve(answers[index] ?? []);
      }, this.#groups.length > 0);
    } catch (error) {
      const failure = await this.transactions.failure(error);
      for (const group of groups) group.reject(failure);
    } finally {
      for (const group of groups) clearTimeout(group.timer);
    }
  }

  #applyAll(groups: readonly Group[]): unknown[][] {
    const before = this.transactions.clock();
    const nowMs = this.clockMs();
    let clock = before;
    const moment: Moment = {
      nowMs,
      version: () => {
        clock = Math.max(clock + 1, nowMs * 1_000);
        return printVersion(clock);
      },
    };
    const answers = groups.map(({ steps }) => steps.map((step) => step(moment)));
    if (clock > before) this.transactions.setClock(clock);
    return answers;
  }
}
