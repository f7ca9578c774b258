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
  /** Resolves when all that `run` was called for so far is on the disk. */
  flushed(): PromiseLike<unknown>;
  /** The version given out last. */
  clock(): number;
  setClock(version: number): void;
  /** Keybin's error for one that `run` or `flushed` threw. */
  failure(error: unknown): Promise<KeybinError>;
}

interface Group {
  readonly steps: readonly Step<unknown>[];
  readonly timer: NodeJS.Timeout;
  readonly resolve: (answers: readonly unknown[]) => void;
  readonly reject: (error: KeybinError) => void;
}

/** One waits for the lock while the disk works on the other: more would only make the groups smaller. */
const transactionsAtOnce = 2;

/**
 * Group commit. A turn's writes form a group, which is
 *   waiting   until a transaction has the write lock; that one takes all groups that wait by then;
 *   applied   when its steps have run inside the transaction;
 *   answered  when the transaction is on the disk.
 * After `timeoutMs` a group is answered `unavailable` from whatever state it is in. If it was still waiting it is never applied,
 * though the lock may come later: it was refused. If it was applied, its outcome is unknown.
 */
export class Writes {
  readonly #turn: Turn<Step<unknown>, unknown>;
  readonly #waiting = new Set<Group>();
  readonly #underWay = new Set<Promise<void>>();
  /** A transaction is under way that will take the waiting groups. */
  #lockAsked = false;

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
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #answer(steps: readonly Step<unknown>[]): Promise<readonly unknown[]> {
    return new Promise((resolve, reject) => {
      const expire = () => {
        this.#waiting.delete(group);
        reject(unavailable(new Error(`write was not on the disk after ${this.timeoutMs} ms`)));
      };
      const group: Group = { steps, resolve, reject, timer: setTimeout(expire, this.timeoutMs) };
      this.#waiting.add(group);
      this.#begin();
    });
  }

  #begin(): void {
    if (this.#lockAsked || this.#waiting.size === 0 || this.#underWay.size === transactionsAtOnce) return;
    this.#lockAsked = true;
    const transaction = this.#commit().finally(() => {
      this.#underWay.delete(transaction);
      this.#begin();
    });
    this.#underWay.add(transaction);
  }

  async #commit(): Promise<void> {
    let groups: Group[] | undefined;
    const takeWaiting = () => {
      groups = [...this.#waiting];
      this.#waiting.clear();
      this.#lockAsked = false;
      return groups;
    };
    try {
      const [answers] = await Promise.all([
        this.transactions.run(() => this.#applyAll(takeWaiting())),
        this.transactions.flushed(), // asked for at once: later it could mean the next transaction
      ]);
      for (const [index, group] of (groups ?? []).entries()) group.resolve(answers[index] ?? []);
    } catch (error) {
      groups ??= takeWaiting();
      const failure = await this.transactions.failure(error);
      for (const group of groups) group.reject(failure);
    } finally {
      for (const group of groups ?? []) clearTimeout(group.timer);
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
