import type { KeybinError } from '../../../errors.js';
import type { Databases } from '../lmdb/databases.js';
import { writeError } from './write-errors.js';

/** What `EmbeddedGroupCommit` needs of the store. */
export interface Transactions {
  /** Does `work`, in which transactions begin and end, while no process opens or closes the directory. */
  hold<T>(work: () => Promise<T>): Promise<T>;
  /** Runs `steps` under the write lock; all that they write is committed, or nothing when they throw. */
  run<T>(steps: () => T): Promise<T>;
  /**
   * Where no other process writes: runs `steps` at once, on a new snapshot that shows nothing of what they put, and commits all of that
   * together, by LMDB's thread alone. Resolves when it is on the disk. No transaction with other steps may be under way.
   */
  put?<T>(steps: () => T): Promise<T>;
  /** Resolves when all that `run` has committed is on the disk. */
  flushed(): PromiseLike<unknown>;
  /** The version given out last. */
  clock(): number;
  setClock(version: number): void;
  /** Keybin's error for one that `run` or `flushed` threw. */
  failure(error: unknown): Promise<KeybinError>;
}

/** The transactions of the environment in `directory`; `alone`: no other process writes to it. */
export function transactionsOf(
  { environment, lock, meta }: Databases,
  directory: string,
  alone: boolean,
): Transactions {
  return {
    hold: (work) => lock.hold(work),
    ...(alone && { put: (steps) => putAll(environment, steps) }),
    // A child transaction, because lmdb commits what a plain one had written before its callback threw.
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
      outcome = { error }; // thrown here it would leave lmdb's promise of the commit with nobody
    }
  });
  if (outcome && 'answer' in outcome) return outcome.answer;
  throw outcome?.error;
}
