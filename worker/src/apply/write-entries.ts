import { MongoBulkWriteError, type AnyBulkWriteOperation, type Collection, type Filter } from 'mongodb';
import {
  earlierInEpoch,
  inEarlierEpoch,
  stampOf,
  type StoreDocument,
} from '@keybin/shared/engines/scale-out/mongodb/documents.js';
import { isOutage, isOutageCode } from '@keybin/shared/engines/scale-out/mongodb/outage.js';
import { isBefore, type Stamp } from '@keybin/shared/engines/scale-out/redis/pending-entry.js';
import { entryId } from '@keybin/shared/ids/entry-name.js';
import { messageOf, unavailable } from '@keybin/shared/errors.js';
import type { StagedEntry } from './read-pending.js';

const duplicateKey = 11_000;

/** Outcomes of written entries. An entry that is in none of the lists must be read and written again. */
export interface Written {
  /** Entries that the database has exactly like this. */
  readonly stored: StagedEntry[];
  /** Entries of which the database has a newer one, or an imported value in their place, with its stamp. */
  readonly overtaken: { readonly entry: StagedEntry; readonly by: Stamp }[];
  /** Entries that the database will not store, whatever its state. */
  readonly rejected: { readonly entry: StagedEntry; readonly reason: string }[];
}

export type WriteEntries = (entries: readonly StagedEntry[]) => Promise<Written>;

/**
 * Returns a function that writes entries as one unordered bulk write. Each update holds only if the stored write is
 * older. A delete is a tombstone. Without it, an older put that arrives late would find nothing and be stored.
 *
 * If the whole command fails without an outage, the entries are halved until the one that caused it is alone and
 * rejected. Throws outages: then the outcome of every entry is unknown.
 */
export function writeEntriesTo(store: Collection<StoreDocument>, timeoutMs: number): WriteEntries {
  const write = async (entries: readonly StagedEntry[]): Promise<Written> => {
    try {
      return await writeOnce(store, entries, timeoutMs);
    } catch (error) {
      if (isOutage(error)) throw error;
      const [only] = entries;
      if (entries.length === 1 && only)
        return { stored: [], overtaken: [], rejected: [{ entry: only, reason: messageOf(error) }] };
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
  const upserts = await bulkWrite(store, entries, { guards: [earlierInEpoch], upsert: true, timeoutMs });
  const { rejected } = upserts;
  if (upserts.duplicates.length === 0) return { stored: upserts.done, overtaken: [], rejected };

  // Error 11000 has three causes: the stored write is not older, it is of another epoch, or there was none and another
  // worker's upsert was first, maybe with an older one. So these entries are written once more without upsert. Each
  // guard has an update of its own, of which one at most finds the document: with `$or` some servers use no index
  const guards = [inEarlierEpoch, earlierInEpoch];
  const updates = await bulkWrite(store, upserts.duplicates, { guards, upsert: false, timeoutMs });
  const compared = await compare(store, updates.done, timeoutMs);
  return {
    stored: [...upserts.done, ...compared.stored],
    overtaken: compared.overtaken,
    rejected: [...rejected, ...updates.rejected],
  };
}

/** Returns a filter for documents that an entry may replace. */
type Guard = (entry: StagedEntry) => Filter<StoreDocument>;

interface BulkOutcome {
  /** Entries for which no error was reported. */
  readonly done: StagedEntry[];
  readonly duplicates: StagedEntry[];
  readonly rejected: Written['rejected'];
}

async function bulkWrite(
  store: Collection<StoreDocument>,
  entries: readonly StagedEntry[],
  { guards, upsert, timeoutMs }: { guards: readonly Guard[]; upsert: boolean; timeoutMs: number },
): Promise<BulkOutcome> {
  try {
    await store.bulkWrite(
      entries.flatMap((entry) => guards.map((guard) => guardedUpdate(entry, guard, upsert))),
      { ordered: false, writeConcern: { w: 'majority' }, maxTimeMS: timeoutMs },
    );
    return { done: [...entries], duplicates: [], rejected: [] };
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError()) throw error;
    const errors = [error.writeErrors].flat();
    if (errors.length === 0) throw error; // the whole command failed
    return classifyByError(
      entries,
      new Map(
        errors.map(({ index, code, errmsg }) => [
          Math.floor(index / guards.length),
          { code, reason: errmsg ?? String(code) },
        ]),
      ),
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

function guardedUpdate(entry: StagedEntry, guard: Guard, upsert: boolean): AnyBulkWriteOperation<StoreDocument> {
  const { userId, key, epoch, version, json } = entry;
  const filter = { _id: entryId(userId, key), ...guard(entry) };
  if (json !== undefined) return { replaceOne: { filter, replacement: { value: json, version, epoch }, upsert } };
  const tombstone = {
    $set: { version, epoch },
    $currentDate: { deleted_at: true as const }, // MongoDB's own clock, which the TTL index uses
    $unset: { value: '' as const, imported: '' as const },
  };
  return { updateOne: { filter, update: tombstone, upsert } };
}

/** Returns which of the entries the database has. An entry whose document is missing or older is in neither list. */
async function compare(
  store: Collection<StoreDocument>,
  entries: readonly StagedEntry[],
  timeoutMs: number,
): Promise<Pick<Written, 'stored' | 'overtaken'>> {
  const byId = new Map(entries.map((entry) => [entryId(entry.userId, entry.key), entry]));
  const outcome: Pick<Written, 'stored' | 'overtaken'> = { stored: [], overtaken: [] };
  const documents = store.find({ _id: { $in: [...byId.keys()] } }, { readPreference: 'primary', maxTimeMS: timeoutMs });
  for await (const { _id, value, ...stored } of documents) {
    const entry = byId.get(_id);
    const by = stampOf(stored);
    if (!entry || isBefore(by, entry)) continue;
    if (!isBefore(entry, by) && value === entry.json) outcome.stored.push(entry);
    else outcome.overtaken.push({ entry, by });
  }
  return outcome;
}
