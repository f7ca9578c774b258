import { MongoBulkWriteError, ObjectId, type AnyBulkWriteOperation, type Filter } from 'mongodb';
import type { Config } from '../../../config/config.js';
import { entryId } from '../../../ids/entry-name.js';
import { KeybinError, orUnavailable } from '../../../errors.js';
import { quotaBytesOf } from '../../../uploads/upload-quota.js';
import { LeasedUpload } from '../../../uploads/leased-upload.js';
import type { Log } from '../../../process/log.js';
import type { Imported, StoreWriter } from '../../../ports/operations.js';
import { postTimeUs } from '../../../ids/post-id.js';
import type { Account } from '../../../ports/engine.js';
import { chunkBytes, type ChunkRecord, type FileRecord, type TransferRecord } from '../../../ports/transfer-records.js';
import { writeChunks } from '../../../transfer/write-chunks.js';
import { erasedHere, nameTaken, Tally } from '../../../transfer/tally.js';
import { forgetImport, takeAccountNumbers, takeNumbersUpTo } from '../accounts/account-numbers.js';
import { sharedFoldedName } from '../accounts/folded-names.js';
import { openDatabase, type Database } from '../mongodb/database.js';
import type { StoreDocument, UserDocument } from '../mongodb/documents.js';
import { FileImport } from './file-import.js';
import { clockKey, postKey } from '../redis/keys.js';
import { openOperatorRedis } from '../redis/operator-redis.js';
import { isDuplicateError } from '../mongodb/errors.js';
import { MongoEpochNumbers } from '../ownership/epoch-numbers.js';
import { expectPartitions } from '../ownership/partitions.js';
import { formatVersion } from '../redis/pending-entry.js';
import { ofEachPartition, type PartitionedConnections } from '../redis/partitioned-redis.js';
import { loadScript, runScript } from '../redis/scripts.js';
import { queueIdOf } from '../ownership/queue-id.js';

const raiseClock = loadScript('entries/raise-clock');

/**
 * Connects to MongoDB and Redis for an import. Throws an `Error` of one line if one of them cannot be reached or used.
 */
export async function openScaleOutStoreWriter(config: Config, log: Log): Promise<StoreWriter> {
  const database = await openDatabase(config, config.times.bulkOperationMs);
  let redis: PartitionedConnections | undefined;
  try {
    const epochs = new MongoEpochNumbers(database.counters, database.bounded);
    redis = await openOperatorRedis(config, log, { queueId: await queueIdOf(database), epochs });
    await expectPartitions(database.settings, config.queue.partitions);
    return new ScaleOutStoreWriter(database, redis);
  } catch (error) {
    redis?.close();
    await database.close();
    throw error;
  }
}

/**
 * Imports straight into MongoDB. Imported records have been durable elsewhere and need no queue. Pending entries in
 * Redis win: reads return them, and they are applied over imported values of any version. For that, an import leaves
 * the stamp of a document as it is. It begins new epochs, because MongoDB changes without an accepted write.
 */
class ScaleOutStoreWriter implements StoreWriter {
  constructor(
    private readonly database: Database,
    private readonly redis: PartitionedConnections,
  ) {}

  async begin(name: string, highest: { readonly number: number; readonly version: number }): Promise<number> {
    const lastNumber = await takeNumbersUpTo(this.database.counters, highest.number, name);
    // A record of the export must not be newer than what is written here afterwards, or it would win if it comes again
    const args = [formatVersion(highest.version)];
    await orUnavailable(
      ofEachPartition(this.redis, (client, prefix) => runScript(client, raiseClock, [clockKey(prefix)], args)),
    );
    await this.redis.beginEpochs();
    return lastNumber;
  }

  async write(records: readonly TransferRecord[], lastNumber: number): Promise<Imported> {
    const tally = new Tally();
    await this.#writeAccounts(
      records.flatMap((record) => (record.type === 'account' ? [record.account] : [])),
      lastNumber,
      tally,
    );
    await this.#writeValues(records, tally);
    return tally;
  }

  async writeFile({ userId, file }: FileRecord, chunks: AsyncIterable<ChunkRecord>): Promise<Imported> {
    const tally = new Tally();
    const { files, users } = this.database;
    const [there, account] = await orUnavailable(
      Promise.all([files.findOne({ _id: new ObjectId(file.id) }), users.findOne({ user_id: userId })]),
    );
    if (there) tally.present += 1; // or was deleted here
    else if (!account) tally.skipped += 1;
    if (tally.present + tally.skipped > 0) return tally;
    const target = new FileImport(this.database, this.redis.connectionOf(0), { userId, ...file });
    const limits = { fileBytes: Infinity, blockBytes: chunkBytes, heldBytes: quotaBytesOf(file.length) };
    const upload = new LeasedUpload(target, limits, this.database.times);
    await writeChunks(upload, chunks, tally);
    return tally;
  }

  async finish(name: string): Promise<void> {
    await this.redis.beginEpochs();
    await forgetImport(this.database.counters, name);
  }

  async close(): Promise<void> {
    this.redis.close();
    await this.database.close();
  }

  async #writeAccounts(accounts: readonly Account[], lastNumber: number, tally: Tally): Promise<void> {
    if (accounts.length === 0) return;
    const { users, erasures, counters } = this.database;
    const userIds = accounts.map(({ userId }) => userId);
    const names = accounts.map(({ username }) => username);
    const [there, erased] = await orUnavailable(
      Promise.all([
        users.find({ $or: [{ user_id: { $in: userIds } }, { username: { $in: names } }] }).toArray(),
        erasures.find({ _id: { $in: userIds } }).toArray(),
      ]),
    );
    const thereIds = new Set(there.map(({ user_id }) => user_id));
    const taken = new Set(there.map(({ username }) => username));
    const erasedIds = new Set(erased.map(({ _id }) => _id));
    const fresh: UserDocument[] = [];
    for (const account of accounts) {
      const { userId, username } = account;
      if (thereIds.has(userId)) {
        tally.present += 1;
      } else if (erasedIds.has(userId)) {
        tally.conflicts.push({ username, reason: erasedHere });
      } else if (taken.has(username)) {
        tally.conflicts.push({ username, reason: nameTaken });
      } else {
        taken.add(username);
        fresh.push(documentOf(account));
      }
    }
    // A signed token may hold an account number that was given here before
    const old = fresh.filter(({ number }) => number <= lastNumber);
    if (old.length > 0) {
      let number = (await takeAccountNumbers(counters, old.length)) - old.length;
      for (const user of old) fresh[fresh.indexOf(user)] = { ...user, number: ++number };
      tally.renumbered += old.length;
    }
    const refused = await this.#insert(fresh);
    for (const { username } of refused) tally.conflicts.push({ username, reason: nameTaken });
    tally.accounts += fresh.length - refused.length;
  }

  /** Inserts users. Returns those that exist already, because another process was faster. */
  async #insert(fresh: readonly UserDocument[]): Promise<UserDocument[]> {
    if (fresh.length === 0) return [];
    const documents = fresh.map((user) => ({ ...user, folded_name: sharedFoldedName(user) }));
    try {
      await this.database.users.insertMany(documents, { ordered: false });
      return [];
    } catch (error) {
      return refusedBy(error).flatMap((index) => fresh[index] ?? []);
    }
  }

  async #writeValues(records: readonly TransferRecord[], tally: Tally): Promise<void> {
    const values = records.filter((record) => record.type === 'entry' || record.type === 'post');
    if (values.length === 0) return;
    const userIds = [...new Set(values.map(({ userId }) => userId))];
    const found = this.database.users.find({ user_id: { $in: userIds } }, { projection: { user_id: 1 } });
    const there = new Set((await orUnavailable(found.toArray())).map(({ user_id }) => user_id));
    const taken = values.filter(({ userId }) => there.has(userId));
    tally.skipped += values.length - taken.length;
    if (taken.length === 0) return;
    const present = await this.#upsert(taken);
    tally.present += present.size;
    for (const [index, { type }] of taken.entries()) {
      if (present.has(index)) continue;
      if (type === 'entry') tally.entries += 1;
      else tally.posts += 1;
    }
  }

  /** Writes values. Returns the positions of those for which the store has the same or a newer version. */
  async #upsert(values: readonly Value[]): Promise<Set<number>> {
    const notImported = await this.#upsertWhere(earlierImport, values);
    const accepted = notImported.flatMap((index) => values[index] ?? []);
    const newer = await this.#upsertWhere(earlierWrite, accepted);
    return new Set(newer.flatMap((index) => notImported[index] ?? []));
  }

  /** Writes values where there is no document, or one that the guard finds. Returns the positions of the others. */
  async #upsertWhere(guard: Guard, values: readonly Value[]): Promise<number[]> {
    if (values.length === 0) return [];
    try {
      await this.database.store.bulkWrite(
        values.map((value) => upsertOf(value, guard)),
        { ordered: false },
      );
      return [];
    } catch (error) {
      return refusedBy(error);
    }
  }
}

type Value = TransferRecord & { readonly type: 'entry' | 'post' };

function documentOf(account: Account): UserDocument {
  return {
    _id: new ObjectId(account.objectId),
    user_id: account.userId,
    number: account.number,
    username: account.username,
    password: account.passwordHash,
    created_at: account.createdAt,
    ...(account.disabled && { disabled_at: new Date() }),
    ...(account.generation > 0 && { generation: account.generation }),
  };
}

/** Returns a filter for documents that a record of this version may replace. */
type Guard = (version: number) => Filter<StoreDocument>;

const earlierImport: Guard = (version) => ({ imported: { $lt: version } });
const earlierWrite: Guard = (version) => ({ imported: { $exists: false }, version: { $lt: version } });

/** Returns the update for a record. It fails with error 11000 if there is a document that the guard does not find. */
function upsertOf(record: Value, guard: Guard): AnyBulkWriteOperation<StoreDocument> {
  const [key, version] =
    record.type === 'entry' ? [record.key, record.version] : [postKey(record.id), postTimeUs(record.id) + 1];
  return {
    updateOne: {
      filter: { _id: entryId(record.userId, key), ...guard(version) },
      update: {
        $set: { value: record.json, imported: version },
        $setOnInsert: { version },
        $unset: { deleted_at: '' },
      },
      upsert: true,
    },
  };
}

/** Returns the positions of writes that failed on a duplicate key. Throws any other error. */
function refusedBy(error: unknown): number[] {
  if (error instanceof MongoBulkWriteError) {
    const errors = [error.writeErrors].flat();
    const other = errors.find(({ code }) => code !== 11_000);
    if (!other && errors.length > 0) return errors.map(({ index }) => index);
    if (other) throw new Error(`MongoDB rejected a record: ${other.errmsg ?? error.message}`, { cause: error });
  }
  if (isDuplicateError(error)) return [0];
  throw error instanceof KeybinError ? error : new Error(`MongoDB failed: ${String(error)}`, { cause: error });
}
