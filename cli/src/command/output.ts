import type { Writable } from 'node:stream';

/** Standard output. Whether all of it could be written is known at the end. */
export class Output {
  #failure: NodeJS.ErrnoException | undefined;

  constructor(readonly stream: Writable) {}

  /** Width of the terminal, in characters; `undefined` if it is none. */
  get columns(): number | undefined {
    return 'columns' in this.stream && typeof this.stream.columns === 'number' ? this.stream.columns : undefined;
  }

  write(text: string): void {
    this.stream.write(text, (error) => (this.#failure ??= error ?? undefined));
  }

  /** Resolves when all is written, with the first error. */
  async flush(): Promise<NodeJS.ErrnoException | undefined> {
    await new Promise<void>((resolve) => this.stream.write('', () => resolve()));
    return this.#failure;
  }
}
