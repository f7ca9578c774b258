import type { Actor } from './actor.js';
import { ask } from './requests/ask.js';

/** Number of consecutive unused account numbers that ends the search. An unfinished registration may leave a gap. */
const gap = 5;

/** Store as HTTP shows it: all accounts, and all data of the actors. */
export class StoreView {
  readonly #alive = new Set<number>();
  #highest = 0;

  constructor(
    private readonly url: string,
    private readonly actors: readonly Actor[],
  ) {}

  async text(): Promise<string> {
    const names = await this.#names();
    const shown = await Promise.all(this.actors.map((actor) => actor.shown()));
    return JSON.stringify([names, shown], undefined, 1);
  }

  async #names(): Promise<[number, string][]> {
    const known = [...this.#alive];
    const names: [number, string][] = [];
    const look = async (number: number) => {
      const { status, text } = await ask(this.url, 'GET', `/api/users/${number}`);
      if (status === 200) names.push([number, text]);
      if (status === 200) this.#alive.add(number);
      else this.#alive.delete(number);
      return status === 200;
    };
    await Promise.all(known.map(look));
    for (let number = this.#highest + 1; number <= this.#highest + gap; number++) {
      if (await look(number)) this.#highest = number;
    }
    return names.toSorted(([one], [other]) => one - other);
  }
}
