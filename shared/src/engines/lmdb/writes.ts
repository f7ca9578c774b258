import { setImmediate as nextTurn } from 'node:timers/promises';
import { answerTimeoutMs } from '../../deadline.js';
import { KeybinError, unavailable } from '../../errors.js';
import { Turn } from '../../turn.js';
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

interface Group {
  /** Emptied when the group is answered 503: what was refused must not be applied any more. */
  steps: readonly Step<unknown>[];
  readonly timer: NodeJS.Timeout;
  readonly resolve: (answers: readonly unknown[]) => void;
  readonly reject: (error: KeybinError) => void;
}

/**
 * Group commit. A turn's writes form a group, which is
 *   waiting   while another transaction is under way; then all waiting groups share the next one;
 *   applied   when its steps have run inside the transaction, under LMDB's lock;
 *   answered  when the transaction is on the disk.
 * After `timeoutMs` a group is answered `unavailable` from whatever state it is in. If it has not been applied by then it never
 * is, though the lock may come later; if it has, its outcome is unknown.
 */
export class Writes {
  readonly #turn: Turn<Step<unknown>, unknown>;
  readonly #waiting = new Set<Group>();
  #underWay: Promise<void> | undefined;

  /** `clockMs` is the time that steps see, in milliseconds since 1970. */
  constructor(
    private readonly transactions: Transactions,
    private readonly timeoutMs = answerTimeoutMs,
    private readonly clockMs: () => number = Date.now,
  ) {
    this.#turn = new Turn((steps) => this.#answer(steps));
  }

  /** The answer of `step`, once it is on the disk. Throws its error, `unavailable` or `storage_full`. */
  async apply<T>(step: Step<T>): Promise<T> {
    const answer = await this.#turn.ask(step);
    if (answer instanceof KeybinError) throw answer;
    return answer as T; // each step is answered with what it returned
  }

  /** Waits for all writes that came before. */
  async idle(): Promise<void> {
    await nextTurn(); // what this turn has gathered is under way then
    await this.#underWay;
  }

  #answer(steps: readonly Step<unknown>[]): Promise<readonly unknown[]> {
    return new Promise((resolve, reject) => {
      const expire = () => {
        group.steps = [];
        this.#waiting.delete(group);
        reject(unavailable(new Error(`write was not on the disk after ${this.timeoutMs} ms`)));
      };
      const group: Group = { steps, resolve, reject, timer: setTimeout(expire, this.timeoutMs) };
      this.#waiting.add(group);
      this.#underWay ??= this.#commitWaiting();
    });
  }

  async #commitWaiting(): Promise<void> {
    while (this.#waiting.size > 0) {
      const groups = [...this.#waiting];
      this.#waiting.clear();
      await this.#commit(groups);
    }
    this.#underWay = undefined;
  }

  async #commit(groups: readonly Group[]): Promise<void> {
    try {
      const answers = await this.transactions.run(() => this.#applyAll(groups));
      await this.transactions.flushed();
      for (const [index, group] of groups.entries()) group.resolve(answers[index] ?? []);
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
    const answers = groups.map((group) => group.steps.map((step) => step(moment)));
    if (clock > before) this.transactions.setClock(clock);
    return answers;
  }
}
