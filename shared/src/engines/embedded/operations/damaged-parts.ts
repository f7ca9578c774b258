import { join } from 'node:path';
import type { FileDirectory } from '../files/file-directory.js';
import type { Databases } from '../lmdb/databases.js';
import { damagedParts } from '../lmdb/data-file.js';
import { parseFile } from '../files/file-records.js';
import { nameIn } from '../lmdb/records.js';

/**
 * Checks the pages of `data.mdb`, and whether every file has as many bytes as recorded. Returns a line for each damaged
 * part. Processes may serve the directory meanwhile.
 */
export async function damagedPartsOf({
  databases: { environment, files: records },
  directory,
  fileDirectory,
}: {
  readonly databases: Databases;
  readonly directory: string;
  readonly fileDirectory: FileDirectory;
}): Promise<string[]> {
  const snapshot = environment.useReadTransaction(); // LMDB leaves its pages alone until `done`
  let damaged: string[];
  try {
    damaged = damagedParts(join(directory, 'data.mdb'));
  } finally {
    snapshot.done();
  }
  if (damaged.length > 0) return damaged;
  environment.resetReadTxn();
  for (const { key, value } of Array.from(records.getRange())) {
    const { id, length } = parseFile(nameIn(key), value);
    const bytes = await fileDirectory.bytesOf(id);
    if (bytes === length) continue;
    environment.resetReadTxn();
    if (!records.doesExist(key)) continue; // deleted meanwhile
    damaged.push(
      `file ${id}: ${bytes === undefined ? 'its bytes are missing' : `it has ${bytes} bytes, not ${length}`}`,
    );
  }
  return damaged;
}
