import { setImmediate as nextTurn } from 'node:timers/promises';
import { GroupPacing } from '../../../batching/group-pacing.js';
import { KeybinError, unavailable } from '../../../errors.js';
import { assertInvariant } from '../../../invariant.js';
import { WriteGroup } from '../../../batching/write-group.js';
import { unobserved, type WriteObserver } from '../../../ports/write-observer.js';
import { printVersion } from '../lmdb/records.js';
import type { StepContext, Step } from './step.js';
import type { Transactions } from './transactions.js';

export interface EmbeddedGroupCommitOptions {
  readonly timeoutMs: number;
  /** The time that steps see, in milliseconds since 1970. */
  readonly clockMs?: () => number;
  readonly observer?: WriteObserver;
}

class Group extends WriteGroup<Step<unknown>, unknown> {
  readonly sinceMs = performance.now();
  timer: NodeJS.Timeout | undefined;
  /** Whether all its writes came by `put`. */
  arePuts = true;
  isApplied = false;
}

/** Of puts alone: one is on its way to the disk while the next one is being written. */
const mostUnderWay = 2;

/**
 * Group commit. Writes gather in groups, and a group is
 *   gathering  until it is full, or until its transaction begins: at the end of the turn, or when the one under way has ended;
 *   applied    when its steps have run inside its transaction, under LMDB's lock;
 *   written    when the transaction is on the disk;
 *   answered   when that which is under way beside it is written too, or when the next group is applied (see `GroupPacing`).
 * After `timeoutMs` a group is answered `unavailable` from whatever state it is in. If it has not been applied by then it never
 * is, though the lock may come later; if it has, its outcome is unknown.
 *
 * Puts alone, which most writes are, are applied before their transaction where no other process writes: only other puts are under way
 * then, and none of these changes what they look at. A step inside a transaction would keep the disk waiting for this thread, which has
 * others to serve.
 */
export class EmbeddedGroupCommit {
  #groups: Group[] = [];
  readonly #pacing: GroupPacing;
  /** Each with when its oldest write came, in `performance.now()`'s time. */
  readonly #underWay = new Map<Promise<void>, number>();
  /** Transactions of puts that are not on the disk yet. */
  readonly #puts = new Set<Promise<unknown>>();
  /** Of the first two transactions of a process lmdb (3.5) takes the end of the second for that of the first if both are under way. */
  #hasEndedOne = false;
  /** Whether those under way are puts alone. */
  #arePutsUnderWay = false;
  #turn: Promise<void> | undefined;
  #halted = false;
  /** The version given out last, which may not be in the store yet. */
  #clock = 0;
  #failure: KeybinError | undefined;

  readonly #timeoutMs: number;
  readonly #clockMs: () => number;
  readonly #observer: WriteObserver;

  constructor(
    private readonly transactions: Transactions,
    { timeoutMs, clockMs = Date.now, observer = unobserved }: EmbeddedGroupCommitOptions,
  ) {
    this.#pacing = new GroupPacing(transactions.put ? mostUnderWay : 1);
    this.#timeoutMs = timeoutMs;
    this.#clockMs = clockMs;
    this.#observer = observer;
  }

  /** The answer of `step`, once it is on the disk. Throws its error, `unavailable` or `storage_full`. */
  apply<T>(step: Step<T>): Promise<T> {
    return this.#join(step, false);
  }

  /** The same for a step that puts records, and looks at nothing that other steps given to `put` write. */
  put<T>(step: Step<T>): Promise<T> {
    return this.#join(step, true);
  }

  async #join<T>(step: Step<T>, isPut: boolean): Promise<T> {
    let group = this.#groups.at(-1);
    if (!group || group.size >= this.#pacing.fullSize) group = this.#begin();
    group.arePuts &&= isPut;
    const position = group.writes.push(step) - 1;
    if (this.#mayBegin()) this.#turn ??= this.#afterTurn();
    const answer = (await group.answers)[position];
    if (answer instanceof KeybinError) throw answer;
    return answer as T; // each step is answered with what it returned
  }

  #begin(): Group {
    const group = new Group();
    const expire = () => {
      group.writes.length = 0; // what was refused must not be applied any more
      this.#groups = this.#groups.filter((waiting) => waiting !== group);
      group.reject(unavailable(new Error(`write was not on the disk after ${this.#timeoutMs} ms`)));
    };
    group.timer = setTimeout(expire, this.#timeoutMs);
    this.#groups.push(group);
    return group;
  }

  /** Whether a transaction has the write lock, waits for it, or is about to. */
  get areUnderWay(): boolean {
    return this.#turn !== undefined || this.#underWay.size > 0;
  }

  /** How long the oldest write that is not on the disk has waited, answered 503 or not; 0: there is none. */
  get oldestMs(): number {
    const sinceMs = Math.min(...this.#underWay.values(), this.#groups[0]?.sinceMs ?? Infinity);
    return Math.max(performance.now() - sinceMs, 0);
  }

  /** Why the last transaction failed that had something to write; `undefined`: it did not. */
  get failure(): KeybinError | undefined {
    return this.#failure;
  }

  /** Begins no transaction any more; resolves when none is under way. What waits is answered when its time is over. */
  async halt(): Promise<void> {
    this.#halted = true;
    await this.idle();
  }

  /** Waits for all writes that came before. */
  async idle(): Promise<void> {
    while (this.areUnderWay) await (this.#turn ?? Promise.race(this.#underWay.keys()));
  }

  async #afterTurn(): Promise<void> {
    await nextTurn();
    this.#turn = undefined;
    this.#beginAll();
  }

  #beginAll(): void {
    while (this.#mayBegin()) {
      const isPut = this.#isPut(this.#groups.slice(0, 1));
      const groups = this.#pacing.take(this.#groups, (taken) => !isPut || this.#isPut(taken));
      const commit = this.#commit(groups, isPut).finally(() => {
        this.#underWay.delete(commit);
        this.#hasEndedOne = true;
        this.#beginAll();
      });
      this.#underWay.set(commit, groups[0]?.sinceMs ?? performance.now());
      this.#arePutsUnderWay = isPut;
    }
  }

  /** Beside others only what is full begins: a few writes can wait, and each sync takes its time. */
  #mayBegin(): boolean {
    const [next] = this.#groups;
    if (!next || this.#halted) return false;
    if (this.#underWay.size === 0) return true;
    return (
      this.#hasEndedOne &&
      this.#arePutsUnderWay &&
      this.#underWay.size < mostUnderWay &&
      this.#isPut([next]) &&
      next.size >= this.#pacing.fullSize
    );
  }

  #isPut(groups: readonly Group[]): boolean {
    return this.transactions.put !== undefined && groups.every(({ arePuts }) => arePuts);
  }

  async #commit(groups: readonly Group[], isPut: boolean): Promise<void> {
    try {
      const steps = () => {
        const applied = this.#applyAll(groups, isPut);
        this.#pacing.commitBegan(groups.reduce((sum, { size }) => sum + size, 0));
        return applied;
      };
      const { answers, counted, hasWritten } = await this.transactions.hold(() => this.#write(steps, isPut));
      if (hasWritten) this.#failure = undefined;
      this.#report(counted);
      const answer = () => {
        for (const [index, group] of groups.entries()) group.resolve(answers[index] ?? []);
      };
      if (this.#underWay.size > 1) answer();
      else this.#pacing.hold(answer, this.#groups.length > 0);
    } catch (error) {
      const failure = await this.transactions.failure(error);
      this.#failure = failure;
      for (const group of groups) group.reject(failure);
    } finally {
      for (const group of groups) clearTimeout(group.timer);
    }
  }

  /**
   * Resolves when it is on the disk. Of two transactions of puts both are waited for: clients that are answered together come back together
   * and fill whole groups, and half as many syncs more were made when each was answered for itself.
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

  #applyAll(groups: readonly Group[], isPut: boolean): { answers: unknown[][]; counted: number; hasWritten: boolean } {
    for (const group of groups) {
      assertInvariant(!group.isApplied, 'group_applied_once', this.#observer);
      group.isApplied = true;
    }
    const before = this.transactions.clock();
    const nowMs = this.#clockMs();
    let clock = Math.max(before, this.#clock);
    let counted = 0;
    const moment: StepContext = {
      nowMs,
      snapshot: isPut ? groups : undefined,
      version: () => {
        clock = Math.max(clock + 1, nowMs * 1_000);
        return printVersion(clock);
      },
      count: () => {
        counted += 1;
      },
    };
    const noteClock = () => {
      this.#clock = clock;
      if (clock > before) this.transactions.setClock(clock);
    };
    try {
      const answers = groups.map(({ writes }) => writes.map((step) => step(moment)));
      noteClock();
      return { answers, counted, hasWritten: counted > 0 || clock > before };
    } catch (error) {
      if (isPut) noteClock(); // what others have put before is committed where puts are handed over whole
      throw error;
    }
  }
}
