import { accessSync, closeSync, constants, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { endianness } from 'node:os';
import { dirname, join } from 'node:path';

/** Position of LMDB's magic number in its file: behind 24 bytes of page header, in the machine's byte order. */
const magicOffset = 24;
const magic = 0xbe_ef_c0_de;
const dataVersion = 2;

/**
 * Creates `directory` if necessary and throws unless LMDB can open it. LMDB itself must not find out: a failure to open
 * crashes the process (segmentation fault, lmdb 3.5).
 */
export function checkDirectory(directory: string): void {
  makeDirectory(directory);
  const { R_OK, W_OK, X_OK } = constants;
  accessSync(directory, R_OK | W_OK | X_OK);
  for (const name of ['data.mdb', 'lock.mdb']) {
    const stat = statSync(join(directory, name), { throwIfNoEntry: false });
    if (!stat) continue;
    if (!stat.isFile()) throw new Error(`${name} is not a file`);
    accessSync(join(directory, name), R_OK | W_OK);
    if (name === 'data.mdb' && stat.size > 0) checkFormat(join(directory, name)); // another process may create it
  }
}

/**
 * Creates a directory with those above it. Node's own `recursive` never ends if a file system has no room for
 * directories, such as `/proc`, because mkdir says ENOENT there (Node 20).
 */
function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) makeDirectory(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error; // not made by another process meanwhile
  }
}

/** Throws unless `directory` has a store that LMDB can read. */
export function checkData(directory: string): void {
  const file = join(directory, 'data.mdb');
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat) throw new Error('there is no store yet');
  accessSync(file, constants.R_OK);
  if (stat.size > 0) checkFormat(file);
  accessSync(join(directory, 'lock.mdb'), constants.R_OK | constants.W_OK); // it holds the table of readers
}

function checkFormat(file: string): void {
  const head = new DataView(new ArrayBuffer(magicOffset + 8));
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, head, 0, head.byteLength, 0);
  } finally {
    closeSync(descriptor);
  }
  const word = (offset: number) => head.getUint32(offset, endianness() === 'LE');
  if (word(magicOffset) !== magic) throw new Error('data.mdb is not an LMDB file');
  if (word(magicOffset + 4) !== dataVersion) throw new Error('data.mdb was written by another version of LMDB');
}
