import { namesOf, type EntryName, type EntryNames } from './entry-names.js';
import { Abandoned } from './outage.js';

const batchesUnderWay = 2;

/** Distinct entries that are applied together. */
class Batch {
  readonly entries: EntryName[] = [];
  /** Settles as the work with which the batch begins. */
  readonly done: Promise<void>;
  begin: (work: Promise<void>) => void = () => {};

  constructor() {
    this.done = new Promise((resolve) => (this.begin = resolve));
  }
}

/**
 * Makes batches of what many jobs ask for.
 *
 * An entry that several jobs name is in a batch once: whoever reads it reads the last accepted write. It never joins a batch that
 * has begun, which may have read it already. A batch begins at the end of the turn when none is under way, and beside another
 * one when it is full: nothing waits while there is nothing to do, and batches grow as the load does.
 */
export class Gatherer {
  readonly #waiting: Batch[] = [];
  /** The waiting batch of each entry. */
  readonly #batchOf = new Map<string, Batch>();
  #underWay = 0;
  #closed = false;

  constructor(
    private readonly apply: (names: EntryNames) => Promise<unknown>,
    private readonly batchEntries: number,
  ) {}

  /** Resolves once all of these have been applied; throws as `apply` does. */
  async add(names: EntryNames): Promise<void> {
    if (this.#closed) throw new Abandoned();
    const batches = new Set<Batch>();
    for (const [userId, keys] of names) {
      for (const key of keys) batches.add(this.#place({ userId, key }));
    }
    setImmediate(() => this.#beginNext());
    await Promise.all(Array.from(batches, ({ done }) => done));
  }

  /** Gives up what has not begun: `add` throws `Abandoned`. */
  close(): void {
    this.#closed = true;
    this.#batchOf.clear();
    for (const batch of this.#waiting.splice(0)) batch.begin(Promise.reject(new Abandoned()));
  }

  #place(entry: EntryName): Batch {
    const id = `${entry.userId}/${entry.key}`;
    const placed = this.#batchOf.get(id);
    if (placed) return placed;
    let batch = this.#waiting.at(-1);
    if (!batch || batch.entries.length >= this.batchEntries) {
      batch = new Batch();
      this.#waiting.push(batch);
    }
    batch.entries.push(entry);
    this.#batchOf.set(id, batch);
    return batch;
  }

  #beginNext(): void {
    for (;;) {
      const batch = this.#waiting[0];
      if (!batch || this.#underWay === batchesUnderWay) return;
      if (this.#underWay > 0 && batch.entries.length < this.batchEntries) return;
      this.#waiting.shift();
      for (const { userId, key } of batch.entries) this.#batchOf.delete(`${userId}/${key}`);
      this.#underWay += 1;
      batch.begin(this.#run(batch));
    }
  }

  async #run({ entries }: Batch): Promise<void> {
    try {
      await this.apply(namesOf(entries));
    } finally {
      this.#underWay -= 1;
      setImmediate(() => this.#beginNext());
    }
  }
}
