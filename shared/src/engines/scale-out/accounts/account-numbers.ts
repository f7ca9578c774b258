import type { Collection, CommandOperationOptions } from 'mongodb';
import { unavailable, orUnavailable } from '../../../errors.js';
import type { CounterDocument } from '../mongodb/documents.js';
import { isDuplicateError } from '../mongodb/errors.js';

type Bounds = Pick<CommandOperationOptions, 'maxTimeMS'>;

/** Id of the counter that holds the last account number. */
export const accountCounterId = 'accounts';

/**
 * Takes the next `count` account numbers and returns the last of them. Throws `unavailable`.
 *
 * The counter is not made by an upsert. If several run at once, the slower ones may fail (error 11000). A server that
 * is only compatible with MongoDB may run them and return no document.
 */
export async function takeAccountNumbers(
  counters: Collection<CounterDocument>,
  count: number,
  bounds: Bounds = {},
): Promise<number> {
  const take = () => {
    const options = { ...bounds, returnDocument: 'after' } as const;
    return orUnavailable(counters.findOneAndUpdate({ _id: accountCounterId }, { $inc: { last: count } }, options));
  };
  let counter = await take();
  if (!counter) {
    await makeCounter(counters, bounds);
    counter = await take();
  }
  if (!counter) throw unavailable(new Error('the account counter is missing'));
  return counter.last;
}

/**
 * Takes the numbers up to `highest` for the accounts of an import. Returns the last number given before. The counter
 * keeps that number until `forgetImport`, because a second run of the import needs the same one. Throws `unavailable`.
 */
export async function takeNumbersUpTo(
  counters: Collection<CounterDocument>,
  highest: number,
  name: string,
): Promise<number> {
  for (;;) {
    const counter = await orUnavailable(counters.findOne({ _id: accountCounterId }));
    if (!counter) {
      await makeCounter(counters);
      continue;
    }
    const noted = counter.imports?.[name];
    if (noted !== undefined) return noted;
    const { last } = counter;
    const taken = { last: Math.max(last, highest), [`imports.${name}`]: last };
    const { matchedCount } = await orUnavailable(counters.updateOne({ _id: accountCounterId, last }, { $set: taken }));
    if (matchedCount > 0) return last; // otherwise another caller took a number meanwhile
  }
}

/**
 * Forgets which numbers were free when unfinished imports began. A second run then gives new numbers: it must not give
 * that of an account which was erased meanwhile, because signed tokens of it hold the number.
 */
export async function forgetImports(counters: Collection<CounterDocument>): Promise<void> {
  await orUnavailable(
    counters.updateOne({ _id: accountCounterId, imports: { $exists: true } }, { $unset: { imports: '' } }),
  );
}

export async function forgetImport(counters: Collection<CounterDocument>, name: string): Promise<void> {
  await orUnavailable(counters.updateOne({ _id: accountCounterId }, { $unset: { [`imports.${name}`]: '' } }));
}

/** Makes the counter, unless it already exists. */
async function makeCounter(counters: Collection<CounterDocument>, bounds: Bounds = {}): Promise<void> {
  const insert = counters.insertOne({ _id: accountCounterId, last: 0 }, bounds).catch((error: unknown) => {
    if (!isDuplicateError(error)) throw error;
  });
  await orUnavailable(insert);
}
