import { MongoBulkWriteError, type AnyBulkWriteOperation, type Collection } from 'mongodb';
import type { StoreDocument } from '@keybin/shared/engines/scale-out/mongodb/documents.js';
import { entryId } from '@keybin/shared/ids/entry-name.js';
import { unavailable } from '@keybin/shared/errors.js';
import type { StagedEntry } from './read-pending.js';
import { isOutage, isOutageCode } from './retry.js';

const duplicateKey = 11_000;

/** What became of entries that were written. One that is in none of the lists is to be read and written again. */
export interface Written {
  /** The database has exactly these. */
  readonly stored: StagedEntry[];
  /** The database has a larger version, or another value with the same version. */
  readonly overtaken: { readonly entry: StagedEntry; readonly version: number }[];
  /** The database will not store these, whatever its state. */
  readonly rejected: { readonly entry: StagedEntry; readonly reason: string }[];
}

export type WriteEntries = (entries: readonly StagedEntry[]) => Promise<Written>;

/**
 * Writes entries as one unordered bulk write in which each update holds only if the stored version is smaller. A delete is
 * a tombstone: without one, an older put that comes late would find nothing and be stored.
 *
 * An error of the whole command that is no outage halves the entries until the one that caused it is alone and rejected.
 * Throws outages, and then nothing is known about any entry.
 */
export function guardedWrites(store: Collection<StoreDocument>, timeoutMs: number): WriteEntries {
  const write = async (entries: readonly StagedEntry[]): Promise<Written> => {
    try {
      return await writeOnce(store, entries, timeoutMs);
    } catch (error) {
      if (isOutage(error)) throw error;
      const [only] = entries;
      if (entries.length === 1 && only)
        return { stored: [], overtaken: [], rejected: [{ entry: only, reason: reasonOf(error) }] };
      const middle = Math.ceil(entries.length / 2);
      const left = await write(entries.slice(0, middle));
      const right = await write(entries.slice(middle));
      return {
        stored: [...left.stored, ...right.stored],
        overtaken: [...left.overtaken, ...right.overtaken],
        rejected: [...left.rejected, ...right.rejected],
      };
    }
  };
  return write;
}

async function writeOnce(
  store: Collection<StoreDocument>,
  entries: readonly StagedEntry[],
  timeoutMs: number,
): Promise<Written> {
  const upserts = await bulkWrite(store, entries, { upsert: true, timeoutMs });
  const { rejected } = upserts;
  if (upserts.duplicates.length === 0) return { stored: upserts.done, overtaken: [], rejected };

  // Error 11000: a version that is not smaller is there; or nothing was, and another worker's upsert was first, maybe with
  // a smaller version: once more without upsert.
  const updates = await bulkWrite(store, upserts.duplicates, { upsert: false, timeoutMs });
  const compared = await compare(store, updates.done, timeoutMs);
  return {
    stored: [...upserts.done, ...compared.stored],
    overtaken: compared.overtaken,
    rejected: [...rejected, ...updates.rejected],
  };
}

interface BulkOutcome {
  /** No error was reported for these. */
  readonly done: StagedEntry[];
  readonly duplicates: StagedEntry[];
  readonly rejected: Written['rejected'];
}

async function bulkWrite(
  store: Collection<StoreDocument>,
  entries: readonly StagedEntry[],
  { upsert, timeoutMs }: { upsert: boolean; timeoutMs: number },
): Promise<BulkOutcome> {
  try {
    await store.bulkWrite(
      entries.map((entry) => guardedUpdate(entry, upsert)),
      { ordered: false, writeConcern: { w: 'majority' }, maxTimeMS: timeoutMs },
    );
    return { done: [...entries], duplicates: [], rejected: [] };
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError()) throw error;
    const errors = [error.writeErrors].flat();
    if (errors.length === 0) throw error; // of the whole command
    return classifyByError(
      entries,
      new Map(errors.map(({ index, code, errmsg }) => [index, { code, reason: errmsg ?? String(code) }])),
    );
  }
}

function classifyByError(
  entries: readonly StagedEntry[],
  errors: ReadonlyMap<number, { readonly code: number; readonly reason: string }>,
): BulkOutcome {
  const outcome: BulkOutcome = { done: [], duplicates: [], rejected: [] };
  entries.forEach((entry, index) => {
    const error = errors.get(index);
    if (!error) outcome.done.push(entry);
    else if (error.code === duplicateKey) outcome.duplicates.push(entry);
    else if (isOutageCode(error.code)) throw unavailable(new Error(error.reason));
    else outcome.rejected.push({ entry, reason: error.reason });
  });
  return outcome;
}

function guardedUpdate(entry: StagedEntry, upsert: boolean): AnyBulkWriteOperation<StoreDocument> {
  const { userId, key, version, json } = entry;
  const filter = { _id: entryId(userId, key), version: { $lt: version } };
  if (json !== undefined) return { replaceOne: { filter, replacement: { value: json, version }, upsert } };
  // MongoDB's own clock: it is the one that the TTL index goes by
  const tombstone = { $set: { version }, $currentDate: { deleted_at: true as const }, $unset: { value: '' as const } };
  return { updateOne: { filter, update: tombstone, upsert } };
}

/** Tells which of the entries the database has. One whose document is gone or older is in neither list. */
async function compare(
  store: Collection<StoreDocument>,
  entries: readonly StagedEntry[],
  timeoutMs: number,
): Promise<Pick<Written, 'stored' | 'overtaken'>> {
  const byId = new Map(entries.map((entry) => [entryId(entry.userId, entry.key), entry]));
  const outcome: Pick<Written, 'stored' | 'overtaken'> = { stored: [], overtaken: [] };
  const documents = store.find({ _id: { $in: [...byId.keys()] } }, { readPreference: 'primary', maxTimeMS: timeoutMs });
  for await (const { _id, version, value } of documents) {
    const entry = byId.get(_id);
    if (!entry || version < entry.version) continue;
    if (version === entry.version && value === entry.json) outcome.stored.push(entry);
    else outcome.overtaken.push({ entry, version });
  }
  return outcome;
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
