import { assertInvariant } from '../../../invariant.js';
import type { WriteObserver } from '../../../ports/write-observer.js';
import { printVersion } from '../lmdb/records.js';
import type { StepContext } from './step.js';
import type { Transactions } from './transactions.js';
import type { StepGroup } from './waiting-groups.js';

/** Outcome of the steps of one transaction. */
export interface StepsRun {
  /** Answers of each group. */
  readonly answers: unknown[][];
  /** Number of written entries and posts. */
  readonly counted: number;
  readonly hasWritten: boolean;
}

/** Runs steps inside their transaction, and gives out versions. */
export class StepRunner {
  /** Version given out last. It may not be in the store yet. */
  #clock = 0;

  constructor(
    private readonly transactions: Pick<Transactions, 'clock' | 'setClock'>,
    private readonly clockMs: () => number,
    private readonly observer: WriteObserver,
  ) {}

  /** Runs the steps of `groups`. `isPut`: no step sees what another one writes. */
  run(groups: readonly StepGroup[], isPut: boolean): StepsRun {
    for (const group of groups) {
      assertInvariant(!group.isApplied, 'group_applied_once', this.observer);
      group.isApplied = true;
    }
    const before = this.transactions.clock();
    const nowMs = this.clockMs();
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
      if (isPut) noteClock(); // `put` still commits the steps before the one that failed
      throw error;
    }
  }
}
