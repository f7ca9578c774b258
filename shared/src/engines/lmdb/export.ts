import { setImmediate as nextTurn } from 'node:timers/promises';
import { hasCode } from '../../errors.js';
import type { Account, StoredFile } from '../../ports.js';
import { afterAllKeys, atTheBeginning, positionOf, type Position } from '../../transfer/position.js';
import { chunkBytes, type Cursor, type TransferRecord } from '../../transfer/records.js';
import type { Databases } from './environment.js';
import type { FileDirectory } from './file-directory.js';
import { afterVersion, parseAccount, versionIn } from './records.js';

/** Records read in one snapshot. A longer one would keep the service from using the room of what it replaces meanwhile. */
const recordsPerPage = 500;

type Strings = Databases['entries'];

export interface ExportParts {
  readonly databases: Databases;
  readonly directory: FileDirectory;
}

/**
 * Everything, in the order of the accounts' numbers as text. Each page is read from a snapshot of its own, taken after all that was
 * answered before: so no write is missed that was answered before the export began and stayed.
 */
export async function* recordsIn(parts: ExportParts, after?: Cursor): AsyncGenerator<TransferRecord, void, undefined> {
  const { accounts, numbers } = parts.databases;
  if (after && !isGone(after)) yield* recordsOf(parts, after.account, positionOf(after));
  for await (const { value: username } of pages(parts, numbers, after ? String(after.account.number) : '')) {
    const json = accounts.get(username);
    if (json === undefined) continue; // erased since
    const account = parseAccount(json);
    yield { type: 'account', account };
    yield* recordsOf(parts, account, atTheBeginning);
  }
}

const isGone = ({ last }: Cursor) => last.type === 'gone' && last.fileId === undefined;

async function* recordsOf(
  parts: ExportParts,
  { userId, number }: Account,
  position: Position,
): AsyncGenerator<TransferRecord, void, undefined> {
  const { entries, posts, files, numbers } = parts.databases;
  const prefix = `${number}/`;
  const end = `${number}0`; // '0' follows '/'
  const under = (records: Strings, from: string) => pages(parts, records, prefix + from, end);
  const nameOf = (key: string) => key.slice(prefix.length);
  if (position.key !== afterAllKeys) {
    for await (const { key, value } of under(entries, position.key)) {
      yield { type: 'entry', userId, key: nameOf(key), version: versionIn(value), json: afterVersion(value) };
    }
  }
  if (position.postId !== afterAllKeys) {
    for await (const { key, value } of under(posts, position.postId)) {
      yield { type: 'post', userId, id: nameOf(key), json: value };
    }
  }
  if (position.nextChunk !== undefined) {
    const details = files.get(prefix + position.fileId);
    if (details === undefined) yield { type: 'gone', userId, fileId: position.fileId };
    else yield* chunksOf(parts, userId, fileOf(position.fileId, details), position.nextChunk);
  }
  for await (const { key, value } of under(files, position.fileId)) {
    const file = fileOf(nameOf(key), value);
    yield { type: 'file', userId, file };
    yield* chunksOf(parts, userId, file, 0);
  }
  if (numbers.get(String(number)) === undefined) yield { type: 'gone', userId };
}

const fileOf = (id: string, json: string): StoredFile => ({ id, ...(JSON.parse(json) as Omit<StoredFile, 'id'>) }); // as `FileRecords` wrote it

async function* chunksOf(
  { directory }: ExportParts,
  userId: string,
  { id: fileId, length }: StoredFile,
  from: number,
): AsyncGenerator<TransferRecord, void, undefined> {
  if (from * chunkBytes >= length) return;
  const handle = await directory.open(fileId).catch((error: unknown) => {
    if (hasCode(error, 'unavailable') && isMissing(error.cause)) return undefined;
    throw error;
  });
  if (!handle) {
    yield { type: 'gone', userId, fileId };
    return;
  }
  try {
    for (let n = from; n * chunkBytes < length; n++) {
      const bytes = Buffer.allocUnsafe(Math.min(chunkBytes, length - n * chunkBytes));
      const { bytesRead } = await directory.run(() => handle.read(bytes, 0, bytes.length, n * chunkBytes));
      if (bytesRead < bytes.length) throw new Error(`file ${fileId} is shorter than it was`);
      yield { type: 'chunk', userId, fileId, n, bytes };
    }
  } finally {
    await handle.close();
  }
}

const isMissing = (cause: unknown) => cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';

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
