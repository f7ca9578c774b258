import { keysPerPage } from '../../../ports/key-list.js';

/** Text that comes after every key. */
const afterAllKeys = '~';

interface Run {
  /** Keys in code-unit order. */
  readonly keys: readonly string[];
  /** Position of the first key that is left. */
  readonly next: number;
}

/** Keys of an account's pending entries, which were listed in no order. */
export class PendingKeyList {
  /** Keys that are put, by the first key that is left of each run. */
  readonly #runs: Run[] = [];
  readonly #deleted = new Set<string>();

  /** Adds keys. Of a key that was added before, the newer state counts. */
  add({ put, deleted }: { readonly put: readonly string[]; readonly deleted: readonly string[] }): void {
    for (const key of put) this.#deleted.delete(key);
    for (const key of deleted) this.#deleted.add(key);
    this.#insert({ keys: put.toSorted(), next: 0 });
  }

  /**
   * Merges the pending changes into pages of stored keys, once. Both the stored keys and the result are in code-unit
   * order.
   */
  async *merged(stored: AsyncIterable<readonly string[]>): AsyncGenerator<readonly string[], void, undefined> {
    let page: string[] = [];
    for await (const keys of thenEnd(stored)) {
      for (const key of this.#mergedWith(keys)) {
        if (page.push(key) < keysPerPage) continue;
        yield page;
        page = [];
      }
    }
    if (page.length > 0) yield page;
  }

  /** Returns the pending and stored keys up to the last one of `stored`. */
  *#mergedWith(stored: readonly string[]): Generator<string, void, undefined> {
    for (const key of stored) {
      for (let pending = this.#first; pending !== undefined && pending <= key; pending = this.#first) {
        this.#drop(pending);
        if (pending < key && !this.#deleted.has(pending)) yield pending;
      }
      if (key !== afterAllKeys && !this.#deleted.has(key)) yield key;
    }
  }

  get #first(): string | undefined {
    return firstOf(this.#runs[0]);
  }

  /** Drops the first key, from each run that has it. */
  #drop(key: string): void {
    for (let run = this.#runs[0]; run && firstOf(run) === key; run = this.#runs[0]) {
      this.#runs.shift();
      this.#insert({ keys: run.keys, next: run.next + 1 });
    }
  }

  #insert(run: Run): void {
    const first = firstOf(run);
    if (first === undefined) return;
    let [from, to] = [0, this.#runs.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((firstOf(this.#runs[middle]) ?? '') < first) from = middle + 1;
      else to = middle;
    }
    this.#runs.splice(from, 0, run);
  }
}

const firstOf = (run: Run | undefined): string | undefined => run?.keys[run.next];

async function* thenEnd(pages: AsyncIterable<readonly string[]>): AsyncGenerator<readonly string[], void, undefined> {
  yield* pages;
  yield [afterAllKeys];
}
