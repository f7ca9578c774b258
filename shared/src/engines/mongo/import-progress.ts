import type { ImportProgress } from '../../operations.js';
import { accountCounterId } from './account-numbers.js';
import type { Database } from './database.js';
import { isDuplicate, orUnavailable, upserting } from './outages.js';

type Collections = Pick<Database, 'settings' | 'counters'>;

const idOf = (name: string) => `import/${name}`;

/** How far the import of this name has come, if it was begun. */
export async function progressOf({ settings }: Collections, name: string): Promise<ImportProgress | undefined> {
  const stored = await orUnavailable(settings.findOne({ _id: idOf(name) }));
  return stored ? (JSON.parse(String(stored.value)) as ImportProgress) : undefined; // written by `noteProgress`
}

export async function noteProgress(
  { settings }: Collections,
  name: string,
  progress: ImportProgress,
): Promise<ImportProgress> {
  const value = JSON.stringify(progress);
  await upserting(() => settings.updateOne({ _id: idOf(name) }, { $set: { value } }, { upsert: true }));
  return progress;
}

export async function forgetProgress(database: Collections, name: string): Promise<void> {
  await forgetNumber(database, name);
  await orUnavailable(database.settings.deleteOne({ _id: idOf(name) }));
}

/**
 * Takes the numbers up to `highest` for an import. Answers the last one that was given before: the counter keeps it until `forgetNumber`, so
 * that a run which is broken off is gone on with by what was true before it.
 */
export async function takeNumbers({ counters }: Collections, name: string, highest: number): Promise<number> {
  for (;;) {
    const counter = await orUnavailable(counters.findOne({ _id: accountCounterId }));
    const known = counter?.imports?.[name];
    if (known !== undefined) return known;
    const before = counter?.last ?? 0;
    const taken = { last: Math.max(before, highest), [`imports.${name}`]: before };
    const id = { _id: accountCounterId, last: counter ? before : { $exists: false } };
    // Somebody who was faster has changed `last`, or has made the counter
    const isDone = await counters.updateOne(id, { $set: taken }, { upsert: !counter }).then(
      ({ matchedCount, upsertedCount }) => matchedCount + upsertedCount > 0,
      (error: unknown) => {
        if (isDuplicate(error)) return false;
        throw error;
      },
    );
    if (isDone) return before;
  }
}

export async function forgetNumber({ counters }: Collections, name: string): Promise<void> {
  await orUnavailable(counters.updateOne({ _id: accountCounterId }, { $unset: { [`imports.${name}`]: '' } }));
}
