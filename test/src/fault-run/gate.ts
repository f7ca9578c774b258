/** Lets clients send their requests, except while something happens that no request may overlap. */
export class Gate {
  #inside = 0;
  #closed: Promise<void> | undefined;
  #open = () => {};
  #becameEmpty = () => {};

  /** Runs `step` once the gate is open. */
  async through(step: () => Promise<void>): Promise<void> {
    while (this.#closed) await this.#closed;
    this.#inside += 1;
    try {
      await step();
    } finally {
      this.#inside -= 1;
      if (this.#inside === 0) this.#becameEmpty();
    }
  }

  /** Closes the gate, waits until every step has ended, runs `work`, and opens the gate again. */
  async whileEmpty<T>(work: () => Promise<T>): Promise<T> {
    this.#closed = new Promise((resolve) => (this.#open = resolve));
    try {
      if (this.#inside > 0) await new Promise<void>((resolve) => (this.#becameEmpty = resolve));
      return await work();
    } finally {
      this.#closed = undefined;
      this.#open();
    }
  }
}
