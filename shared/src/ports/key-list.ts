import { unavailable } from '../errors.js';
import type { KeyList } from './engine.js';

/** Most keys of a page of a list. A page of the longest keys is half a megabyte. */
export const keysPerPage = 1_000;

/** Begins to read the pages of an account's list. Reads two, and so knows if there are more than one. */
export async function beginKeyList(
  userId: string,
  pages: AsyncGenerator<readonly string[], void, undefined>,
): Promise<KeyList> {
  const first = await pages.next();
  if (first.done) return { userId, first: [] };
  const second = await pages.next();
  if (second.done) return { userId, first: first.value };
  return { userId, first: first.value, more: continued(second.value, pages) };
}

async function* continued(
  next: readonly string[],
  pages: AsyncGenerator<readonly string[], void, undefined>,
): AsyncGenerator<readonly string[], void, undefined> {
  yield next;
  yield* pages;
}

/** Returns the error of a list without a reader. No client sees it. */
export const noReader = () => unavailable(new Error('the list has no reader'));
