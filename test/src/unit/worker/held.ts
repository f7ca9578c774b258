/** A step of the worker that stops before its work, as if its process were slow, paused or cut off. */
export class Held<Args extends unknown[], Answer> {
  /** Resolves when the step is reached. */
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
