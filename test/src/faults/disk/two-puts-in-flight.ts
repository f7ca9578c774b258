/**
 * A process with two transactions of puts, `one` and `two`, in flight on a faulty disk that fails one of them. It
 * prints the outcome of both, and the stored keys, as JSON.
 *   node two-puts-in-flight.js DIRECTORY DISK one|two later|first
 * `first`: they are the first transactions of the process. `EmbeddedGroupCommit` would not run these concurrently.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { eventually } from '../../world/eventually.js';
import { FaultyDisk } from '../../world/disks/faulty-disk.js';
import { ownParts } from '../../unit/embedded/parts.js';
import { closeStores, codeOf } from '../../unit/embedded/store.js';

export interface TwoPutsInFlight {
  /** Code of the error that it failed with. Undefined if it was acknowledged. */
  readonly one?: string;
  readonly two?: string;
  readonly stored: readonly string[];
}

const [directory, diskDirectory, refused, when] = process.argv.slice(2);
const disk = new FaultyDisk(diskDirectory);
const { databases, transactions, writes } = ownParts(directory, { alone: true });
const full = 16; // number of writes at which a second transaction begins beside the first

const put = async (key: string): Promise<unknown> => {
  const step = () => void databases.entries.put(key, '1');
  if (when === 'later') return Promise.all(Array.from({ length: full }, () => writes.put(step)));
  return transactions.put?.(step).catch(async (error: unknown) => Promise.reject(await transactions.failure(error)));
};

/** Blocks this thread until `condition` holds. The thread sees no transaction end meanwhile, as when it is busy. */
function until(condition: () => boolean): void {
  while (!condition());
}

if (when === 'later') await put('earlier');
disk.hang();
const one = codeOf(put('one'));
await eventually(() => disk.isHanging, 'the first sync');
const two = codeOf(put('two'));
await nextTurn(); // lmdb hands the transaction over in this turn
await nextTurn();
if (refused === 'one') disk.refuseOne();
else disk.passOne();
until(() => disk.hasServed);
disk.hang();
until(() => disk.isHanging); // the second sync
if (refused === 'two') disk.refuseOne();
disk.goOn();
const codes = { one: await one, two: await two };
databases.entries.resetReadTxn();
process.stdout.write(JSON.stringify({ ...codes, stored: [...databases.entries.getKeys()] }));
await closeStores();
