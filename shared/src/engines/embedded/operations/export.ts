import { setImmediate as nextTurn } from 'node:timers/promises';
import { hasCode } from '../../../errors.js';
import type { Account, StoredFile } from '../../../ports/engine.js';
import { chunkBytes, type TransferRecord } from '../../../ports/transfer-records.js';
import type { Databases } from '../lmdb/databases.js';
import type { FileDirectory } from '../files/file-directory.js';
import { parseFile } from '../files/file-records.js';
import { restOfRecord, nameIn, parseAccount, rangeOfRecords, versionOfRecord } from '../lmdb/records.js';

/**
 * Records read in one snapshot. During a longer one the service could not reuse the space of records that it replaces.
 */
const recordsPerPage = 500;

type Strings = Databases['entries'];

export interface ExportParts {
  readonly databases: Databases;
  readonly directory: FileDirectory;
}

/**
 * Yields all records, in the text order of the account numbers. Each page has its own snapshot, taken after all earlier
 * acknowledgements. So the export has every write that was acknowledged before it began, unless a later one has
 * replaced or deleted it.
 */
export async function* exportRecords(parts: ExportParts): AsyncGenerator<TransferRecord, void, undefined> {
  const { accounts, numbers } = parts.databases;
  for await (const { value: username } of pages(parts, numbers, '')) {
    const json = accounts.get(username);
    if (json === undefined) continue; // erased since
    const account = parseAccount(json);
    yield { type: 'account', account };
    yield* recordsOf(parts, account);
  }
}

async function* recordsOf(
  parts: ExportParts,
  { userId, number }: Account,
): AsyncGenerator<TransferRecord, void, undefined> {
  const { entries, posts, files, numbers } = parts.databases;
  const { start, end } = rangeOfRecords(String(number));
  const its = (records: Strings) => pages(parts, records, start, end);
  for await (const { key, value } of its(entries)) {
    yield { type: 'entry', userId, key: nameIn(key), version: versionOfRecord(value), json: restOfRecord(value) };
  }
  for await (const { key, value } of its(posts)) yield { type: 'post', userId, id: nameIn(key), json: value };
  for await (const { key, value } of its(files)) {
    const file = parseFile(nameIn(key), value);
    yield { type: 'file', userId, file };
    yield* chunksOf(parts, userId, file);
  }
  if (numbers.get(String(number)) === undefined) yield { type: 'gone', userId };
}

async function* chunksOf(
  { directory }: ExportParts,
  userId: string,
  { id: fileId, length }: StoredFile,
): AsyncGenerator<TransferRecord, void, undefined> {
  if (length === 0) return;
  const handle = await directory.open(fileId).catch((error: unknown) => {
    if (hasCode(error, 'file_not_found')) return undefined; // deleted since its record was read
    throw error;
  });
  if (!handle) {
    yield { type: 'gone', userId, fileId };
    return;
  }
  try {
    for (let n = 0; n * chunkBytes < length; n++) {
      const bytes = Buffer.allocUnsafe(Math.min(chunkBytes, length - n * chunkBytes));
      const { bytesRead } = await directory.run(() => handle.read(bytes, 0, bytes.length, n * chunkBytes));
      if (bytesRead < bytes.length) throw new Error(`file ${fileId} is shorter than recorded`);
      yield { type: 'chunk', userId, fileId, n, bytes };
    }
  } finally {
    await handle.close();
  }
}

async function* pages({ databases }: ExportParts, records: Strings, after: string, end?: string) {
  for (let last = after; ;) {
    databases.environment.resetReadTxn();
    const range = { start: last, exclusiveStart: true, limit: recordsPerPage, ...(end !== undefined && { end }) };
    const page = Array.from(records.getRange(range));
    yield* page;
    if (page.length < recordsPerPage) return;
    last = page.at(-1)?.key ?? '';
    await nextTurn();
  }
}
