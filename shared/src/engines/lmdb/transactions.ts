import type { Databases } from './environment.js';
import { writeError } from './write-errors.js';
import type { Transactions } from './writes.js';

/** The transactions of the environment in `directory`. */
export function transactionsOf({ environment, meta }: Databases, directory: string): Transactions {
  return {
    // A child transaction, because lmdb commits what a plain one had written before its callback threw.
    run: (steps) => environment.childTransaction(steps),
    flushed: () => environment.flushed,
    clock: () => Number(meta.get('clock') ?? 0),
    setClock: (version) => void meta.put('clock', String(version)),
    failure: (error) => writeError(error, directory),
  };
}
