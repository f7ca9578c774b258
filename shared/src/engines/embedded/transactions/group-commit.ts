import { setImmediate as nextTurn } from 'node:timers/promises';
import { GroupPacing } from '../../../batching/group-pacing.js';
import { KeybinError } from '../../../errors.js';
import { unobserved, type WriteObserver } from '../../../ports/write-observer.js';
import type { Step } from './step.js';
import { StepRunner } from './step-runner.js';
import type { Transactions } from './transactions.js';
import { WaitingGroups, type StepGroup } from './waiting-groups.js';

export interface EmbeddedGroupCommitOptions {
  readonly timeoutMs: number;
  /** Clock that steps see, in ms since 1970. Default: `Date.now`. */
  readonly clockMs?: () => number;
  readonly observer?: WriteObserver;
}

/**
 * Most transactions in flight at once if they are puts alone: one is on its way to the disk while the next one is
 * prepared.
 */
const mostInFlight = 2;

/**
 * Group commit. Writes gather in groups. A group is in one of these states:
 *   gathering     until it is full or its transaction begins, at the end of the turn or when the running one has ended
 *   applied       its steps have run inside its transaction, under LMDB's lock
 *   written       its transaction is on the disk
 *   acknowledged  the transaction in flight beside it is written too, or the next group is applied (see `GroupPacing`)
 * After `timeoutMs` a group fails with `unavailable`, in any state. If it has not been applied by then, it never is,
 * even if the lock comes later. Otherwise its outcome is unknown.
 *
 * Most groups are puts alone. Where no other process writes, these are applied before their transaction: only other
 * puts are in flight then, and no put changes what another one reads. A step inside a transaction would keep the disk
 * waiting for this thread, which has other requests to serve.
 */
export class EmbeddedGroupCommit {
  readonly #waiting: WaitingGroups;
  readonly #runner: StepRunner;
  readonly #pacing: GroupPacing;
  /** Transactions in flight, each with the arrival of its oldest write in `performance.now()` time. */
  readonly #inFlight = new Map<Promise<void>, number>();
  /** Transactions of puts that are not on the disk yet. */
  readonly #puts = new Set<Promise<unknown>>();
  /**
   * True once a transaction has ended. If the first two transactions of a process overlap, lmdb (3.5) takes the end of
   * the second for the end of the first.
   */
  #hasEndedOne = false;
  /** True if the transactions in flight are puts alone. */
  #arePutsInFlight = false;
  #turn: Promise<void> | undefined;
  #halted = false;
  #isShared = false;
  #failure: KeybinError | undefined;

  readonly #observer: WriteObserver;

  constructor(
    private readonly transactions: Transactions,
    { timeoutMs, clockMs = Date.now, observer = unobserved }: EmbeddedGroupCommitOptions,
  ) {
    this.#pacing = new GroupPacing(transactions.put ? mostInFlight : 1);
    this.#waiting = new WaitingGroups(this.#pacing, timeoutMs);
    this.#runner = new StepRunner(transactions, clockMs, observer);
    this.#observer = observer;
  }

  /**
   * Runs `step` and resolves with its answer once it is on the disk. Throws the step's error, `unavailable` or
   * `storage_full`.
   */
  apply<T>(step: Step<T>): Promise<T> {
    return this.#join(step, false);
  }

  /** Like `apply`, for a step that puts records and reads nothing that other steps given to `put` write. */
  put<T>(step: Step<T>): Promise<T> {
    return this.#join(step, true);
  }

  async #join<T>(step: Step<T>, isPut: boolean): Promise<T> {
    const group = this.#waiting.last(isPut);
    const position = group.writes.push(step) - 1;
    if (this.#mayBegin()) this.#turn ??= this.#afterTurn();
    const answer = (await group.answers)[position];
    if (answer instanceof KeybinError) throw answer;
    return answer as T; // a step's answer is the value that it returned
  }

  /** True if a transaction has the write lock, waits for it, or is about to. */
  get areInFlight(): boolean {
    return this.#turn !== undefined || this.#inFlight.size > 0;
  }

  /** Age in ms of the oldest write that is not on the disk, even if it got 503 already; 0 if there is none. */
  get oldestMs(): number {
    const sinceMs = Math.min(...this.#inFlight.values(), this.#waiting.first?.sinceMs ?? Infinity);
    return Math.max(performance.now() - sinceMs, 0);
  }

  /** Error of the last transaction that failed; `undefined` if none did, or if a later one has written something. */
  get failure(): KeybinError | undefined {
    return this.#failure;
  }

  /**
   * Lets other processes write until `own` is called: no more puts are applied before their transaction. Resolves when
   * none is in flight that was.
   */
  async share(): Promise<void> {
    this.#isShared = true;
    await Promise.allSettled(this.#inFlight.keys());
  }

  /** Ends `share`. From now on no other process may write. */
  own(): void {
    this.#isShared = false;
  }

  /**
   * Stops new transactions. Resolves when none is in flight. Writes that wait fail with `unavailable` when their time
   * is over.
   */
  async halt(): Promise<void> {
    this.#halted = true;
    await this.idle();
  }

  /** Resolves when no transaction is in flight or about to begin. */
  async idle(): Promise<void> {
    while (this.areInFlight) await (this.#turn ?? Promise.race(this.#inFlight.keys()));
  }

  async #afterTurn(): Promise<void> {
    await nextTurn();
    this.#turn = undefined;
    this.#beginAll();
  }

  #beginAll(): void {
    while (this.#mayBegin()) {
      const isPut = this.#isPut(this.#waiting.first);
      const groups = this.#waiting.take(isPut);
      const commit = this.#commit(groups, isPut).finally(() => {
        this.#inFlight.delete(commit);
        this.#hasEndedOne = true;
        this.#beginAll();
      });
      this.#inFlight.set(commit, groups[0]?.sinceMs ?? performance.now());
      this.#arePutsInFlight = isPut;
    }
  }

  /**
   * Returns true if a transaction may begin. Beside another one only a full group may: a few writes can wait, and each
   * sync takes time.
   */
  #mayBegin(): boolean {
    const next = this.#waiting.first;
    if (!next || this.#halted) return false;
    if (this.#inFlight.size === 0) return true;
    return (
      this.#hasEndedOne &&
      this.#arePutsInFlight &&
      this.#inFlight.size < mostInFlight &&
      this.#isPut(next) &&
      next.size >= this.#pacing.fullSize
    );
  }

  #isPut(group: StepGroup | undefined): boolean {
    return this.transactions.put !== undefined && !this.#isShared && group?.arePuts === true;
  }

  async #commit(groups: readonly StepGroup[], isPut: boolean): Promise<void> {
    try {
      const steps = () => {
        const applied = this.#runner.run(groups, isPut);
        this.#pacing.commitBegan(groups.reduce((sum, { size }) => sum + size, 0));
        return applied;
      };
      const { answers, counted, hasWritten } = await this.transactions.hold(() => this.#write(steps, isPut));
      if (hasWritten) this.#failure = undefined;
      this.#report(counted);
      const answer = () => {
        for (const [index, group] of groups.entries()) group.resolve(answers[index] ?? []);
      };
      if (this.#inFlight.size > 1) answer();
      else this.#pacing.hold(answer, this.#waiting.first !== undefined);
    } catch (error) {
      const failure = await this.transactions.failure(error);
      this.#failure = failure;
      for (const group of groups) group.reject(failure);
    } finally {
      for (const group of groups) clearTimeout(group.timer);
    }
  }

  /**
   * Writes what `steps` put. Resolves when it is on the disk. Two transactions of puts are acknowledged together:
   * clients that are answered together come back together and fill whole groups. Acknowledged separately, they needed
   * 50 % more syncs.
   */
  async #write<T>(steps: () => T, isPut: boolean): Promise<T> {
    const { transactions } = this;
    const put = isPut ? transactions.put?.(steps) : undefined;
    if (!put) {
      const answer = await transactions.run(steps);
      await transactions.flushed();
      return answer;
    }
    this.#puts.add(put);
    const answer = await put.finally(() => this.#puts.delete(put));
    await Promise.allSettled(this.#puts);
    return answer;
  }

  #report(counted: number): void {
    if (counted === 0) return;
    this.#observer.accepted(counted, 0);
    this.#observer.applied(counted);
  }
}
