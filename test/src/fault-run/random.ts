/**
 * Random numbers that a seed reproduces: mulberry32,
 * https://gist.github.com/tommyettinger/46a874533244883189143505d203312c.
 */
export class Random {
  #state: number;

  /** `seed` has 32 bits. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Returns a number from 0, inclusive, to 1, exclusive. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let bits = this.#state;
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Returns a number from `least`, inclusive, to `limit`, exclusive. */
  between(least: number, limit: number): number {
    return least + this.next() * (limit - least);
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error('Nothing to pick from');
    return items[Math.floor(this.next() * items.length)] as T; // the index is within bounds
  }

  /** Returns the items in random order. */
  shuffled<T>(items: readonly T[]): T[] {
    return items
      .map((item) => ({ item, place: this.next() }))
      .toSorted((one, other) => one.place - other.place)
      .map(({ item }) => item);
  }

  /** Returns an independent generator. Its numbers do not depend on draws from this one. */
  fork(): Random {
    return new Random(this.next() * 2 ** 32);
  }
}
