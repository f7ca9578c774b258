import { foldedName } from '../../../ids/folded-name.js';
import { orUnavailable } from '../../../errors.js';
import type { Database } from '../mongodb/database.js';
import type { UserDocument } from '../mongodb/documents.js';
import { retryDuplicateOnce } from '../mongodb/errors.js';

const noted = 'folded_names';
const accountsPerPage = 1_000;

/** Returns the folded name for an account that need not be distinct. */
export const sharedFoldedName = ({ username, number }: Pick<UserDocument, 'username' | 'number'>): string =>
  `${foldedName(username)}/${number}`;

/** Returns a filter for the accounts with this folded name, distinct or not. */
export const withFoldedName = (folded: string) => ({ folded_name: { $gte: folded, $lt: `${folded}0` } }); // 0 comes after /

/**
 * Adds the folded name to accounts of an older Keybin, once for each store. Repeated after a failure, it goes on. An
 * older Keybin that still runs meanwhile may leave accounts without. Throws `unavailable`.
 */
export async function noteFoldedNames({ users, settings, bounded }: Database): Promise<void> {
  if (await orUnavailable(settings.findOne({ _id: noted }, bounded))) return;
  for (let after = 0; ;) {
    const found = users.find({ number: { $gt: after } }, { ...bounded, projection: { number: 1, username: 1 } });
    const page = await orUnavailable(found.sort({ number: 1 }).limit(accountsPerPage).toArray());
    const updates = page.map(({ _id, username, number }) => ({
      updateOne: {
        filter: { _id, folded_name: { $exists: false } },
        update: { $set: { folded_name: sharedFoldedName({ username, number }) } },
      },
    }));
    if (updates.length > 0) await orUnavailable(users.bulkWrite(updates, { ...bounded, ordered: false }));
    const last = page.at(-1);
    if (!last || page.length < accountsPerPage) break;
    after = last.number;
  }
  await retryDuplicateOnce(() =>
    settings.updateOne({ _id: noted }, { $set: { value: 1 } }, { ...bounded, upsert: true }),
  );
}
