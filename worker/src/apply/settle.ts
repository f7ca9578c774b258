import type { EntryName } from '@keybin/shared/ids/entry-name.js';
import {
  bytesKey,
  clockKey,
  deletedKey,
  epochKey,
  pendingKey,
  rejectedKey,
  waitingKey,
} from '@keybin/shared/engines/scale-out/redis/keys.js';
import { formatVersion } from '@keybin/shared/engines/scale-out/redis/pending-entry.js';
import type { RedisConnection } from '@keybin/shared/engines/scale-out/redis/redis-connection.js';
import { loadScript, runScript, type Script } from '@keybin/shared/engines/scale-out/redis/scripts.js';
import { assertInvariant, type InvariantObserver } from '@keybin/shared/invariant.js';
import type { TimeBudget } from '@keybin/shared/time-budget.js';
import { unobserved } from '@keybin/shared/ports/write-observer.js';
import { groupByAccount } from './entry-names.js';

/** Entry that the database has, or has a larger version of. */
export interface Settlement extends EntryName {
  /** Pending entry as it was read; empty if nothing was pending. */
  readonly text: string;
  /** Version that the database has instead of the entry's own. */
  readonly stored?: number;
}

export type SettleEntries = (settlements: readonly Settlement[]) => Promise<EntryName[]>;

export interface SettleOptions {
  readonly times: Pick<TimeBudget, 'deletesKeptMs'>;
  readonly script?: Script | undefined;
  readonly observer?: InvariantObserver;
}

const settleScript = loadScript('entries/settle');

/**
 * Returns a function that settles entries of one partition by settle.lua. It returns the entries that have a new
 * version now and must be applied again.
 */
export function settleBy(
  redis: Pick<RedisConnection, 'client' | 'storeId'>,
  prefix: string,
  { times, script = settleScript, observer = unobserved }: SettleOptions,
): SettleEntries {
  return async (settlements) => {
    if (settlements.length === 0) return [];
    const keys = [clockKey, waitingKey, bytesKey, deletedKey, rejectedKey, epochKey].map((name) => name(prefix));
    const args: (string | number)[] = [redis.storeId, times.deletesKeptMs];
    const order: Settlement[] = [];
    for (const [userId, entries] of groupByAccount(settlements)) {
      keys.push(pendingKey(prefix, userId));
      args.push(userId, entries.length);
      for (const entry of entries) {
        args.push(entry.key, entry.text, entry.stored === undefined ? '' : formatVersion(entry.stored));
        order.push(entry);
      }
    }
    const again = (await runScript(redis.client, script, keys, args)) as number[]; // the answer of settle.lua
    const isAsked = again.every((position) => order[position - 1] !== undefined);
    assertInvariant(isAsked, 'settled_entry_was_asked', observer);
    return again.flatMap((position) => order[position - 1] ?? []);
  };
}
