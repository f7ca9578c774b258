import type { KeybinError } from '../../../errors.js';
import type { Databases } from '../lmdb/databases.js';
import { writeError } from './write-errors.js';

/** Operations of the store that `EmbeddedGroupCommit` needs. */
export interface Transactions {
  /** Runs `work`, in which transactions begin and end, while no process opens or closes the directory. */
  hold<T>(work: () => Promise<T>): Promise<T>;
  /** Runs `steps` under the write lock. Commits all that they write, or nothing if they throw. */
  run<T>(steps: () => T): Promise<T>;
  /**
   * Runs `steps` at once, on a new snapshot that shows nothing of what they put. LMDB's thread then commits all of it
   * together. Resolves when it is on the disk. Exists only where no other process writes. No transaction with other
   * steps may be in flight.
   */
  put?<T>(steps: () => T): Promise<T>;
  /** Resolves when everything that `run` has committed is on the disk. */
  flushed(): PromiseLike<unknown>;
  /** Returns the last version given out, as the store has it. */
  clock(): number;
  setClock(version: number): void;
  /** Turns an error of a transaction into one of Keybin. */
  failure(error: unknown): Promise<KeybinError>;
}

/** Returns the transactions of the environment in `directory`. `alone`: no other process writes to it. */
export function transactionsOf(
  { environment, lock, meta }: Databases,
  directory: string,
  alone: boolean,
): Transactions {
  return {
    hold: (work) => lock.hold(work),
    ...(alone && { put: (steps) => putAll(environment, steps) }),
    // A child transaction, because lmdb would commit what a plain one wrote before its callback threw.
    run: (steps) => environment.childTransaction(steps),
    flushed: () => environment.flushed,
    clock: () => Number(meta.get('clock') ?? 0),
    setClock: (version) => void meta.put('clock', String(version)),
    failure: (error) => writeError(error, directory),
  };
}

async function putAll<T>(environment: Databases['environment'], steps: () => T): Promise<T> {
  environment.resetReadTxn();
  let outcome: { readonly answer: T } | { readonly error: unknown } | undefined;
  await environment.batch(() => {
    try {
      outcome = { answer: steps() };
    } catch (error) {
      outcome = { error }; // thrown here, it would leave lmdb's promise of the commit unhandled
    }
  });
  if (outcome && 'answer' in outcome) return outcome.answer;
  throw outcome?.error;
}
