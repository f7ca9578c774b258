import { entryId, keyIn } from '../../../ids/entry-name.js';
import type { Account, StoredFile } from '../../../ports/engine.js';
import type { TransferRecord } from '../../../ports/transfer-records.js';
import { accountOf } from '../accounts/accounts.js';
import type { Database } from '../mongodb/database.js';
import { stampOf, type FileDocument, type StoreDocument } from '../mongodb/documents.js';
import { chunksOf } from '../files/file-chunks.js';
import { fileOf } from '../files/file-documents.js';
import { pendingKey, postIdOf, postKey } from '../redis/keys.js';
import { isBefore, parsePendingEntry } from '../redis/pending-entry.js';
import { prefixFor, redisOf, type PartitionedRedis } from '../redis/partitioned-redis.js';
import { orUnavailable } from '../../../errors.js';

const accountsPerPage = 500;
/** Documents in a batch of the driver. Its default of 16 MiB takes several times as much memory as objects. */
const documentsPerBatch = 500;
/** Pending entries read from Redis with one command. Each may be as large as a request body. */
const pendingPerRead = 50;

export interface ExportParts {
  readonly database: Database;
  readonly redis: PartitionedRedis;
}

type Records = AsyncGenerator<TransferRecord, void, undefined>;

/**
 * Yields everything, ordered by user id. Includes each write that was acknowledged before the export began and still
 * stands.
 *
 * For each account the names of pending entries are read first and the stored documents afterwards. An entry that
 * leaves Redis in between is therefore found in MongoDB. A pending value is read when its turn comes, and compared with
 * what MongoDB has by then.
 */
export async function* exportRecords(parts: ExportParts): Records {
  const { users } = parts.database;
  for (let last = ''; ;) {
    const found = users
      .find({ user_id: { $gt: last } })
      .sort({ user_id: 1 })
      .limit(accountsPerPage);
    const page = (await orUnavailable(found.toArray())).map(accountOf);
    yield* recordsOf(parts, page);
    last = page.at(-1)?.userId ?? last;
    if (page.length < accountsPerPage) return;
  }
}

async function* recordsOf(parts: ExportParts, accounts: readonly Account[]): Records {
  const { database, redis } = parts;
  const [first, last] = [accounts.at(0), accounts.at(-1)];
  if (!first || !last) return;
  // Async, so that an account without Redis rejects like the others
  const listed = accounts.map(async ({ userId }) => redisOf(redis, userId).client.hkeys(pendingOf(redis, userId)));
  const pendingNames = await orUnavailable(Promise.all(listed));
  const files = await filesOf(database, accounts);
  const stored = new Peekable(
    database.store
      .find({ _id: { $gte: `${first.userId}/`, $lt: `${last.userId}0` } })
      .sort({ _id: 1 })
      .batchSize(documentsPerBatch), // '0' is the character after '/'
  );
  try {
    for (const [index, account] of accounts.entries()) {
      const { userId } = account;
      yield { type: 'account', account };
      yield* merged(parts, userId, (pendingNames[index] ?? []).sort(), stored);
      yield* fileRecords(database, userId, files.get(userId) ?? []);
    }
  } finally {
    await stored.close();
  }
  const ids = accounts.map(({ userId }) => userId);
  const there = database.users.find({ user_id: { $in: ids } }, { projection: { user_id: 1 } });
  const left = new Set((await orUnavailable(there.toArray())).map(({ user_id }) => user_id));
  for (const userId of ids) if (!left.has(userId)) yield { type: 'gone', userId };
}

/** Key to export, with its stored document unless an entry of the key is pending. */
interface Item {
  readonly key: string;
  readonly stored: StoreDocument | undefined;
}

/** Yields the entries and posts of one account, ordered by key. Posts have keys that sort after all entries. */
async function* merged(
  parts: ExportParts,
  userId: string,
  names: readonly string[],
  stored: Peekable<StoreDocument>,
): Records {
  const prefix = `${userId}/`;
  let items: Item[] = [];
  let at = 0;
  for (;;) {
    let document = await stored.peek();
    while (document && sortsBefore(document, prefix)) {
      await stored.next();
      document = await stored.peek();
    }
    const its = document && belongsTo(document, prefix) ? document : undefined;
    const name = names[at];
    if (name === undefined && its === undefined) break;
    if (name !== undefined && (its === undefined || name <= keyOf(its))) {
      items.push({ key: name, stored: undefined });
      at += 1;
      if (its !== undefined && name === keyOf(its)) await stored.next();
    } else if (its !== undefined) {
      items.push({ key: keyOf(its), stored: its });
      await stored.next();
    }
    if (items.length >= pendingPerRead) yield* read(parts, userId, items.splice(0));
  }
  yield* read(parts, userId, items);
}

const belongsTo = ({ _id }: StoreDocument, prefix: string) => _id.startsWith(prefix);
const sortsBefore = ({ _id }: StoreDocument, prefix: string) => _id < prefix;
const keyOf = ({ _id }: StoreDocument) => keyIn(_id);

async function* read({ database, redis }: ExportParts, userId: string, items: readonly Item[]): Records {
  const names = items.filter(({ stored }) => stored === undefined).map(({ key }) => key);
  const pending = new Map<string, string>();
  const applied = new Map<string, StoreDocument>();
  if (names.length > 0) {
    const texts = await orUnavailable(redisOf(redis, userId).client.hmget(pendingOf(redis, userId), ...names));
    for (const [index, name] of names.entries()) {
      const text = texts[index];
      if (typeof text === 'string') pending.set(name, text);
    }
    const ids = names.map((name) => entryId(userId, name));
    const found = await orUnavailable(database.store.find({ _id: { $in: ids } }).toArray());
    for (const document of found) applied.set(keyOf(document), document);
  }
  for (const { key, stored } of items) {
    const { version, json } = newest(pending.get(key), stored ?? applied.get(key));
    if (json === undefined) continue; // deleted
    if (key.startsWith(postKey(''))) yield { type: 'post', userId, id: postIdOf(key), json };
    else yield { type: 'entry', userId, key, version, json };
  }
}

const pendingOf = (redis: PartitionedRedis, userId: string) => pendingKey(prefixFor(redis, userId), userId);

/** Returns the newest value of an entry. What is pending may be an old copy, if Redis came back with older data. */
function newest(text: string | undefined, document: StoreDocument | undefined) {
  const pending = text === undefined ? undefined : parsePendingEntry(text);
  return pending && !(document && isBefore(pending, stampOf(document))) ? pending : valueOf(document);
}

const valueOf = (document: StoreDocument | undefined) => ({
  version: document?.imported ?? document?.version ?? 0,
  json: document?.value,
});

/** Returns the finished files of each account, ordered by id. */
async function filesOf(
  { files }: Pick<Database, 'files'>,
  accounts: readonly Account[],
): Promise<Map<string, FileDocument[]>> {
  const ids = accounts.map(({ userId }) => userId);
  const found = files.find({ 'metadata.user_id': { $in: ids }, 'metadata.state': 'stored' });
  const byAccount = new Map<string, FileDocument[]>();
  for (const file of await orUnavailable(found.toArray())) {
    const { user_id: userId } = file.metadata;
    byAccount.set(userId, [...(byAccount.get(userId) ?? []), file]);
  }
  for (const its of byAccount.values()) its.sort((one, other) => (hexOf(one) < hexOf(other) ? -1 : 1));
  return byAccount;
}

const hexOf = ({ _id }: FileDocument) => _id.toHexString();

async function* fileRecords(
  database: Pick<Database, 'chunks'>,
  userId: string,
  documents: readonly FileDocument[],
): Records {
  for (const document of documents) {
    const file = fileOf(document);
    yield { type: 'file', userId, file };
    yield* chunks(database, userId, file);
  }
}

/**
 * Yields the chunks of a file. If some are missing because the file was deleted meanwhile, it ends with a `gone`
 * record.
 */
async function* chunks(
  { chunks: collection }: Pick<Database, 'chunks'>,
  userId: string,
  { id: fileId, length }: StoredFile,
): Records {
  let n = 0;
  let bytesBefore = 0;
  const cursor = collection.find(chunksOf(userId, fileId)).sort({ _id: 1 }).batchSize(4);
  try {
    for await (const chunk of cursor) {
      if (chunk.n !== n) break;
      const bytes = chunk.data.buffer.subarray(0, chunk.data.length());
      bytesBefore += bytes.length;
      yield { type: 'chunk', userId, fileId, n, bytes };
      n += 1;
    }
  } finally {
    await cursor.close();
  }
  if (bytesBefore !== length) yield { type: 'gone', userId, fileId };
}

/** Cursor whose next document can be looked at before it is taken. */
class Peekable<T> {
  #next: Promise<T | null> | undefined;

  constructor(private readonly cursor: { next(): Promise<T | null>; close(): Promise<unknown> }) {}

  async peek(): Promise<T | undefined> {
    this.#next ??= this.cursor.next();
    return (await orUnavailable(this.#next)) ?? undefined;
  }

  async next(): Promise<T | undefined> {
    const document = await this.peek();
    if (document !== undefined) this.#next = undefined;
    return document;
  }

  async close(): Promise<void> {
    await this.cursor.close();
  }
}
