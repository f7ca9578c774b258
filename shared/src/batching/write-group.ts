/**
 * Writes that are committed together. Their callers share one promise, so node drains its queues once for all of them.
 */
export class WriteGroup<Write, Answer> {
  readonly writes: Write[] = [];
  /** Answers in the order of the writes. */
  readonly answers: Promise<readonly Answer[]>;
  resolve: (answers: readonly Answer[]) => void = () => {};
  reject: (error: unknown) => void = () => {};

  constructor() {
    this.answers = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  get size(): number {
    return this.writes.length;
  }
}
