/**
 * A process of which two transactions of puts, `one` and `two`, are under way on a faulty disk, which refuses one of both. It prints what
 * became of them, and what is stored, as JSON.
 *   node two-under-way.js DIRECTORY DISK one|two later|first
 * `first`: they are the first ones of the process, which `EmbeddedGroupCommit` would not let be under way together.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { eventually } from '../../world/eventually.js';
import { FaultyDisk } from '../../world/disks/faulty-disk.js';
import { ownParts } from '../../unit/embedded/parts.js';
import { closeStores, codeOf } from '../../unit/embedded/store.js';

export interface TwoUnderWay {
  /** What it was refused with; missing: it was answered. */
  readonly one?: string;
  readonly two?: string;
  readonly stored: readonly string[];
}

const [directory, diskDirectory, refused, when] = process.argv.slice(2);
const disk = new FaultyDisk(diskDirectory);
const { databases, transactions, writes } = ownParts(directory, { alone: true });
const full = 16; // writes, with which a transaction begins beside another

const put = async (key: string): Promise<unknown> => {
  const step = () => void databases.entries.put(key, '1');
  if (when === 'later') return Promise.all(Array.from({ length: full }, () => writes.put(step)));
  return transactions.put?.(step).catch(async (error: unknown) => Promise.reject(await transactions.failure(error)));
};

/** Until then this thread sees nothing of the ends of transactions, as when it has much to do. */
function until(condition: () => boolean): void {
  while (!condition());
}

if (when === 'later') await put('earlier');
disk.hang();
const one = codeOf(put('one'));
await eventually(() => disk.isHanging, 'the first sync');
const two = codeOf(put('two'));
await nextTurn(); // in which lmdb hands it over
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
