import type { GroupPacing } from '../../../batching/group-pacing.js';
import { WriteGroup } from '../../../batching/write-group.js';
import { unavailable } from '../../../errors.js';
import type { Step } from './step.js';

/** Writes that are applied in one transaction. */
export class StepGroup extends WriteGroup<Step<unknown>, unknown> {
  readonly sinceMs = performance.now();
  timer: NodeJS.Timeout | undefined;
  /** True if all its writes came by `put`. */
  arePuts = true;
  isApplied = false;
}

/**
 * Groups that wait for their transaction. A group fails with `unavailable` after `timeoutMs`, even if its transaction
 * has begun. If it still waits then, it is never applied.
 */
export class WaitingGroups {
  #groups: StepGroup[] = [];

  constructor(
    private readonly pacing: GroupPacing,
    private readonly timeoutMs: number,
  ) {}

  /** The group that has waited longest. */
  get first(): StepGroup | undefined {
    return this.#groups[0];
  }

  /** Returns the group of the next write. */
  last(isPut: boolean): StepGroup {
    let group = this.#groups.at(-1);
    if (!group || group.size >= this.pacing.fullSize) group = this.#begin();
    group.arePuts &&= isPut;
    return group;
  }

  /** Removes and returns the groups of the next transaction. If `onlyPuts`, the first group must be puts alone. */
  take(onlyPuts: boolean): StepGroup[] {
    return this.pacing.take(this.#groups, (taken) => !onlyPuts || taken.every(({ arePuts }) => arePuts));
  }

  #begin(): StepGroup {
    const group = new StepGroup();
    const expire = () => {
      group.writes.length = 0; // refused writes must not be applied later
      this.#groups = this.#groups.filter((waiting) => waiting !== group);
      group.reject(unavailable(new Error(`write was not on disk after ${this.timeoutMs} ms`)));
    };
    group.timer = setTimeout(expire, this.timeoutMs);
    this.#groups.push(group);
    return group;
  }
}
