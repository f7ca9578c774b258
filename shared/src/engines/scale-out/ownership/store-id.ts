import { randomUUID } from 'node:crypto';
import { agreedSetting } from './agreed-setting.js';
import { ForeignQueueError } from '../redis/foreign-queue-error.js';
import type { Database } from '../mongodb/database.js';
import type { SettingDocument } from '../mongodb/documents.js';
import { epochKey } from '../redis/keys.js';
import { ofEachPartition, type PartitionedRedis } from '../redis/partitioned-redis.js';
import { orUnavailable } from '../../../errors.js';

const settingId = 'store';

/** Parts of a database that tell one store from another. */
export type NamedStore = Pick<Database, 'settings' | 'store' | 'users' | 'tokens'>;

/**
 * Returns the store's id: an id that the database is given once, and the names of the database and its collections. A
 * copy of the database under another name is thus another store. Throws `unavailable`.
 */
export async function storeIdOf(database: NamedStore): Promise<string> {
  return storeId(await orUnavailable(agreedSetting(database.settings, settingId, randomUUID())), database);
}

const storeId = (
  id: SettingDocument['value'] | undefined,
  { settings: { dbName }, store, users, tokens }: NamedStore,
) => [id, dbName, ...[store, users, tokens].map(({ collectionName }) => collectionName)].join('/');

/**
 * Returns the stores that have claimed partitions of this Redis. Contains `null` if a partition is not claimed. Throws
 * `unavailable`.
 */
export async function ownersOf(redis: PartitionedRedis): Promise<ReadonlySet<string | null>> {
  const owners = ofEachPartition(redis, (client, prefix) => client.hget(epochKey(prefix), 'store'));
  return new Set(await orUnavailable(owners));
}

/**
 * Returns true if this store has claimed all partitions. Throws `ForeignQueueError` if another store has claimed one,
 * and `unavailable`. Changes nothing.
 */
export async function expectOwnQueue(database: NamedStore, redis: PartitionedRedis): Promise<boolean> {
  const owners = await ownersOf(redis); // read before the id, which exists once a process of this store has claimed
  const stored = await orUnavailable(database.settings.findOne({ _id: settingId }));
  const own = storeId(stored?.value, database);
  for (const owner of owners) if (owner !== null && owner !== own) throw new ForeignQueueError();
  return !owners.has(null);
}
