import { createHash, randomUUID } from 'node:crypto';
import { Binary, MongoClient, ObjectId, type Collection, type Db, type Document, type FindCursor } from 'mongodb';
import type { Config } from '../../../config/config.js';
import { maskCredentials } from '../../../config/url-kinds.js';
import type { OriginalKeybin, OriginalPlace, Report } from '../../../ports/operations.js';
import type { Account } from '../../../ports/engine.js';
import type { TimeBudget } from '../../../time-budget.js';
import { BadLine, parseLine, printRecord } from '../../../transfer/export-format.js';
import type { TransferRecord } from '../../../ports/transfer-records.js';
import { asStored, jsonOfOriginalValue, NotKept } from './original-values.js';
import { messageOf } from '../../../errors.js';

/** Suffix for collections of an original Keybin whose names the store needs. */
const asideSuffix = '_original';

type OriginalTimes = Pick<TimeBudget, 'mongoOperationMs'>;

/** Connects to the database of an original Keybin. Throws an `Error` of one line if it cannot be reached. */
export async function openOriginalKeybin(place: OriginalPlace, times: OriginalTimes): Promise<OriginalKeybin> {
  const client = await connect(place.url, times);
  const source = client.db(place.database);
  return {
    location: `${maskCredentials(place.url)} ${place.database}`,
    setAside: (target) => setAside(source, place, target, times),
    records: (report) => recordsOf(source, place, report),
    close: () => client.close(),
  };
}

async function connect(url: string, { mongoOperationMs }: OriginalTimes): Promise<MongoClient> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: mongoOperationMs, appName: 'keybin' });
  try {
    return await client.connect();
  } catch (error) {
    await client.close();
    const reason = messageOf(error);
    throw new Error(`MongoDB at ${maskCredentials(url)} cannot be reached: ${reason}`, { cause: error });
  }
}

/**
 * Renames the original's collections whose names the store needs, if both use the same database. Nothing in them is
 * lost. A second run renames the collections that the first one left. Throws an `Error` if the original Keybin still
 * writes.
 */
async function setAside(
  source: Db,
  { names }: OriginalPlace,
  target: Config['store'],
  times: OriginalTimes,
): Promise<void> {
  if (!target.host.startsWith('mongodb')) return;
  const client = await connect(target.host, times);
  try {
    if (!(await areSame(source, client.db(target.database)))) return;
    for (const name of Object.values(names)) {
      if (!(await holdsOriginal(source.collection(name)))) continue;
      if (await exists(source, name + asideSuffix)) {
        throw new Error(
          `${name} and ${name}${asideSuffix} both contain documents of an original Keybin: ` +
            'stop the original Keybin, which is still writing',
        );
      }
      await source.renameCollection(name, name + asideSuffix);
    }
  } finally {
    await client.close();
  }
}

/**
 * True if both are the same database, whatever addresses lead to it. Writes a marker through one and looks for it
 * through the other.
 */
async function areSame(one: Db, other: Db): Promise<boolean> {
  const marker = { _id: randomUUID() };
  await settings(other).insertOne(marker);
  try {
    return (await settings(one).findOne(marker)) !== null;
  } finally {
    await settings(other).deleteOne(marker);
  }
}

const settings = (db: Db) => db.collection<{ _id: string }>('settings');

const exists = async (db: Db, name: string) => (await db.listCollections({ name }).toArray()).length > 0;

/**
 * True if the collection has documents of an original Keybin. Its accounts have no number. Its entries and tokens have
 * ObjectIds, while the store has texts.
 */
const holdsOriginal = async (collection: Collection) =>
  (await collection.findOne({ _id: { $type: 'objectId' }, number: { $exists: false } })) !== null;

/**
 * Yields the accounts and entries of the original as export records. Its tokens lived for minutes and are left out. The
 * same data gives the same records in the same order.
 */
async function* recordsOf(
  source: Db,
  { names }: OriginalPlace,
  report: Report,
): AsyncGenerator<TransferRecord, void, undefined> {
  const place = async (name: string) =>
    source.collection((await exists(source, name + asideSuffix)) ? name + asideSuffix : name);
  const [users, store] = [await place(names.users), await place(names.store)];
  const accounts = sorted(users, { user_id: 1, _id: 1 });
  const entries = sorted(store, { user_id: 1, key: 1, _id: 1 });
  let entry = await entries.next();
  let number = 0;
  let last: string | undefined;
  const passOrphans = async (isOrphan: (entry: Document) => boolean) => {
    for (; entry && isOrphan(entry); entry = await entries.next())
      report(`entry ${nameOf(entry)}: it belongs to no account`);
  };
  for await (const user of accounts) {
    const account = accountOf(user, number + 1, last, report);
    if (!account) continue;
    number += 1;
    last = account.userId;
    await passOrphans((each) => textIn(each['user_id']) < account.userId);
    yield { type: 'account', account };
    let lastKey: string | undefined;
    while (entry && textIn(entry['user_id']) === account.userId) {
      const record = entryOf(entry, account.userId, lastKey, report);
      if (record) yield record;
      lastKey = textIn(entry['key']);
      entry = await entries.next();
    }
  }
  await passOrphans(() => true);
}

const sorted = (collection: Collection, order: Record<string, 1>): FindCursor<Document> =>
  collection.find({}, asStored).sort(order).allowDiskUse(true);

function accountOf(user: Document, number: number, last: string | undefined, report: Report): Account | undefined {
  const { _id: id, username, password } = user;
  const userId = textIn(user['user_id']);
  const name = typeof username === 'string' ? username : 'without a name';
  const account = {
    userId,
    number,
    objectId:
      id instanceof ObjectId ? id.toHexString() : createHash('sha256').update(userId).digest('hex').slice(0, 24),
    username: name,
    passwordHash: textIn(password),
    createdAt: id instanceof ObjectId ? id.getTimestamp() : new Date(0),
    disabled: false,
    generation: 0,
  };
  const why = userId === last ? 'another account has the same user id' : whyBad({ type: 'account', account });
  if (why === undefined) return account;
  report(`account '${name}': ${why}`);
  return undefined;
}

function entryOf(
  entry: Document,
  userId: string,
  lastKey: string | undefined,
  report: Report,
): TransferRecord | undefined {
  const { _id: id, value } = entry;
  const key = textIn(entry['key']);
  try {
    if (key === lastKey) throw new NotKept('an older entry has the same key, and the original returned that one');
    const version = id instanceof ObjectId ? id.getTimestamp().getTime() * 1_000 : 1;
    const record = { type: 'entry', userId, key, version, json: jsonOfOriginalValue(value) } as const;
    const why = whyBad(record);
    if (why === undefined) return record;
    throw new NotKept(why);
  } catch (error) {
    if (!(error instanceof NotKept)) throw error;
    report(`entry ${nameOf(entry)}: ${error.message}`);
    return undefined;
  }
}

/** Returns why an import would not accept the record; `undefined` if it would. */
function whyBad(record: TransferRecord): string | undefined {
  try {
    parseLine(printRecord(record));
    return undefined;
  } catch (error) {
    if (error instanceof BadLine) return record.type === 'entry' ? 'its key is not valid' : error.message;
    throw error;
  }
}

const nameOf = (entry: Document) => `${textIn(entry['user_id'])}/${textIn(entry['key'])}`;

/** Returns a text, bytes as Latin-1 text, or a UUID as text. Returns the empty text for anything else. */
function textIn(member: unknown): string {
  if (typeof member === 'string') return member;
  if (member instanceof Binary) {
    const isUuid = member.sub_type === Binary.SUBTYPE_UUID;
    return isUuid ? member.toUUID().toString() : Buffer.from(member.value()).toString('latin1');
  }
  return '';
}
