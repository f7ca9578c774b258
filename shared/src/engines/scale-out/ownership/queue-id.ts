import { createHash, randomUUID } from 'node:crypto';
import { orUnavailable } from '../../../errors.js';
import type { Database } from '../mongodb/database.js';
import { agreedSetting } from './agreed-setting.js';

const storeSetting = 'store';
const queueIdDigits = 8;

/** Id that no queue has. */
export const noQueue = 'none';

/** Parts of a database that tell one store from another. */
export type NamedStore = Pick<Database, 'settings' | 'store' | 'users' | 'tokens'>;

/**
 * Returns the id of the store's queue in Redis: that of the queue that it has adopted, or its own. Gives the database
 * an id if it has none yet. Throws `unavailable`.
 */
export async function queueIdOf(store: NamedStore): Promise<string> {
  return adoptedInsteadOf(await ownQueueIdOf(store), store);
}

/** Does the same, but resolves with `undefined` if no process has served the store yet. Changes nothing. */
export async function existingQueueIdOf(store: NamedStore): Promise<string | undefined> {
  const id = await orUnavailable(store.settings.findOne({ _id: storeSetting }));
  return id ? adoptedInsteadOf(queueIdOfStore(String(id.value), store), store) : undefined;
}

/** Returns the id of the queue that the store has unless it adopts another one. */
export async function ownQueueIdOf(store: NamedStore): Promise<string> {
  return queueIdOfStore(await orUnavailable(agreedSetting(store.settings, storeSetting, randomUUID())), store);
}

/** Returns the id of the document that tells which queue a store has adopted in place of its own. */
export const adoptionOf = (ownQueueId: string) => `queue instead of ${ownQueueId}`;

async function adoptedInsteadOf(ownQueueId: string, { settings }: NamedStore): Promise<string> {
  const adopted = await orUnavailable(settings.findOne({ _id: adoptionOf(ownQueueId) }));
  return adopted ? String(adopted.value) : ownQueueId;
}

/**
 * Returns the id of the queue of the store with this id and these names. A copy of the database under another name is
 * another store.
 */
export function queueIdOfStore(storeId: string, { settings: { dbName }, store, users, tokens }: NamedStore): string {
  const name = [storeId, dbName, ...[store, users, tokens].map(({ collectionName }) => collectionName)].join('/');
  return createHash('sha256').update(name).digest('hex').slice(0, queueIdDigits);
}
