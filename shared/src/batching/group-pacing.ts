/** Least size of a full group. Smaller groups are not split, because each costs a sync of the disk. */
const leastFullSize = 16;

/** Longest time that answers wait for the next commit to begin. */
const longestHoldMs = 1;

/**
 * Lets clients take turns in group commits.
 *
 * Clients that are answered together come back together. If all were in one group, this process would wait for the
 * disk, and then the disk for this process. So a group is full with half of the writes in flight, or a quarter where
 * two commits may run at once. The answers of one commit are held until the next commit runs: this process serves one
 * half while the disk writes the other. With 64 clients this gives a third to a half more writes per second, on both
 * engines.
 */
export class GroupPacing {
  #fullSize = leastFullSize;
  /** Sizes of the commits before the next one. Their writes are in flight, or their clients come back with new ones. */
  #sizesBefore: number[] = [];
  #answerHeld = () => {};

  /** Limits the commits that may run at once. */
  constructor(private readonly mostCommits = 1) {}

  /** Number of writes with which a group is full. Other limits may apply earlier. */
  get fullSize(): number {
    return this.#fullSize;
  }

  /**
   * Removes and returns the groups of the next commit: the oldest ones that together `fit` and are not more than full,
   * but at least one. When many writes arrive suddenly, each group is small.
   */
  take<G extends { readonly size: number }>(groups: G[], fits: (taken: readonly G[]) => boolean = () => true): G[] {
    const gathered = groups.reduce((sum, { size }) => sum + size, 0);
    const inFlight = this.#sizesBefore.reduce((sum, size) => sum + size, gathered);
    this.#fullSize = Math.max(Math.ceil(inFlight / (2 * this.mostCommits)), leastFullSize);
    let size = 0;
    const tooMany = groups.findIndex((group, index) => {
      size += group.size;
      return index > 0 && (size > this.#fullSize || !fits(groups.slice(0, index + 1)));
    });
    return groups.splice(0, tooMany === -1 ? groups.length : tooMany);
  }

  /**
   * Notes that a commit of `size` writes no longer needs this process. The writes of the last commit are answered now.
   */
  commitBegan(size: number): void {
    this.#sizesBefore = [...this.#sizesBefore, size].slice(-this.mostCommits);
    this.#answerHeld();
  }

  /**
   * Calls `answer`, which answers the writes of a commit, once the next commit runs. Calls it at once if no write waits
   * for a commit.
   */
  hold(answer: () => void, othersWait: boolean): void {
    this.#answerHeld();
    if (!othersWait) {
      this.#sizesBefore = [];
      return answer();
    }
    const timer = setTimeout(() => this.#answerHeld(), longestHoldMs);
    this.#answerHeld = () => {
      clearTimeout(timer);
      this.#answerHeld = () => {};
      answer();
    };
  }
}
