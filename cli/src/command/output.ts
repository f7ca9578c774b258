import type { Writable } from 'node:stream';

/** Standard output that remembers the first failed write. */
export class Output {
  #failure: NodeJS.ErrnoException | undefined;

  constructor(readonly stream: Writable) {}

  /** Width of the terminal, in characters. `undefined` if the stream is not a terminal. */
  get columns(): number | undefined {
    return 'columns' in this.stream && typeof this.stream.columns === 'number' ? this.stream.columns : undefined;
  }

  write(text: string): void {
    this.stream.write(text, (error) => (this.#failure ??= error ?? undefined));
  }

  /** Waits until everything is written. Resolves with the first error. */
  async flush(): Promise<NodeJS.ErrnoException | undefined> {
    await new Promise<void>((resolve) => this.stream.write('', () => resolve()));
    return this.#failure;
  }
}
