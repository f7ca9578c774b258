import { entryId, type EntryName } from '@keybin/shared/ids/entry-name.js';
import { namesOf, type EntryNames } from './entry-names.js';
import { Abandoned } from './retry.js';

const batchesInFlight = 2;

/** Time after which an entry that is written all the time is applied again. */
const repeatPauseMs = 100;

/** Distinct entries that are applied together. */
class Batch {
  readonly entries: EntryName[] = [];
  /** True if the batch before had some of the same entries. */
  repeats = false;
  /** Settles as the work does that `begin` is given. */
  readonly done: Promise<void>;
  begin: (work: Promise<void>) => void = () => {};

  constructor() {
    this.done = new Promise((resolve) => (this.begin = resolve));
  }
}

/**
 * Gatherer that makes batches from the entries of many jobs.
 *
 * An entry that several jobs name is in a batch once, because a read returns the last accepted write. It never joins a
 * batch that has begun, which may have read it already.
 *
 * gathering --full--> begun, at most two at once.
 * gathering --the turn ends, no batch is in flight--> begun: nothing waits while there is little to do.
 * gathering --the same, but an entry was in the last batch--> begun `pauseMs` after that one began: many writes to few
 * keys become few updates. There is no pause if as many jobs wait as can be active, because no more would come.
 */
export class JobBatcher {
  readonly #waiting: Batch[] = [];
  /** Waiting batch of each entry. */
  readonly #batchOf = new Map<string, Batch>();
  /** Entries of the batch that began last. `#lastBeganMs` says when. */
  #last: ReadonlySet<string> = new Set();
  #lastBeganMs = -Infinity;
  #inFlight = 0;
  #jobs = 0;
  #pause: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    private readonly apply: (names: EntryNames) => Promise<unknown>,
    private readonly batchEntries: number,
    /** Number of jobs that can be active at once. */
    private readonly concurrency: number,
    private readonly pauseMs = repeatPauseMs,
  ) {}

  /** Resolves once all of these entries have been applied. Throws as `apply` does. */
  async add(names: EntryNames): Promise<void> {
    if (this.#closed) throw new Abandoned();
    const batches = new Set<Batch>();
    for (const [userId, keys] of names) {
      for (const key of keys) batches.add(this.#place({ userId, key }));
    }
    setImmediate(() => this.#beginNext());
    this.#jobs += 1;
    try {
      await Promise.all(Array.from(batches, ({ done }) => done));
    } finally {
      this.#jobs -= 1;
    }
  }

  /** Gives up batches that have not begun: `add` throws `Abandoned`. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#pause);
    this.#batchOf.clear();
    for (const batch of this.#waiting.splice(0)) batch.begin(Promise.reject(new Abandoned()));
  }

  #place(entry: EntryName): Batch {
    const id = entryId(entry.userId, entry.key);
    const placed = this.#batchOf.get(id);
    if (placed) return placed;
    let batch = this.#waiting.at(-1);
    if (!batch || batch.entries.length >= this.batchEntries) {
      batch = new Batch();
      this.#waiting.push(batch);
    }
    batch.entries.push(entry);
    batch.repeats ||= this.#last.has(id);
    this.#batchOf.set(id, batch);
    return batch;
  }

  #beginNext(): void {
    for (;;) {
      const batch = this.#waiting[0];
      if (!batch || this.#inFlight === batchesInFlight) return;
      if (batch.entries.length < this.batchEntries && (this.#inFlight > 0 || this.#isEarly(batch))) return;
      this.#waiting.shift();
      clearTimeout(this.#pause);
      this.#last = new Set(batch.entries.map(({ userId, key }) => entryId(userId, key)));
      this.#lastBeganMs = performance.now();
      for (const id of this.#last) this.#batchOf.delete(id);
      this.#inFlight += 1;
      batch.begin(this.#run(batch));
    }
  }

  /** True if the batch should wait for more writes to the same entries. A timer then comes back to it. */
  #isEarly(batch: Batch): boolean {
    const leftMs = this.#lastBeganMs + this.pauseMs - performance.now();
    if (!batch.repeats || leftMs <= 0 || this.#jobs >= this.concurrency) return false;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#beginNext(), leftMs);
    return true;
  }

  async #run({ entries }: Batch): Promise<void> {
    try {
      await this.apply(namesOf(entries));
    } finally {
      this.#inFlight -= 1;
      setImmediate(() => this.#beginNext());
    }
  }
}
