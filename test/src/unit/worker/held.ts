/** A step of the worker that stops before it does its work, as in a process that is slow, paused or cut off. */
export class Held<Args extends unknown[], Answer> {
  /** Resolves when the step was reached. */
  readonly reached: Promise<void>;
  #arrive: () => void = () => {};
  #released: Promise<void>;
  #release: () => void = () => {};

  constructor(private readonly work: (...args: Args) => Promise<Answer>) {
    this.reached = new Promise((resolve) => (this.#arrive = resolve));
    this.#released = new Promise((resolve) => (this.#release = resolve));
  }

  readonly step = async (...args: Args): Promise<Answer> => {
    this.#arrive();
    await this.#released;
    return this.work(...args);
  };

  release(): void {
    this.#release();
  }
}
