import type { EntryName } from '@keybin/shared/ids/entry-name.js';
import { bytesKey, pendingKey, rejectedKey, waitingKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import type { RedisConnection } from '@keybin/shared/engines/scale-out/redis/redis-connection.js';
import { loadScript, runScript, type Script } from '@keybin/shared/engines/scale-out/redis/scripts.js';
import { assertInvariant, type InvariantObserver } from '@keybin/shared/invariant.js';
import { unobserved } from '@keybin/shared/ports/write-observer.js';
import { groupByAccount } from './entry-names.js';

/** Entry that the database has, or has a newer one of. */
export interface Settlement extends EntryName {
  /** Pending entry as it was read; empty if nothing was pending. */
  readonly text: string;
}

export type SettleEntries = (settlements: readonly Settlement[]) => Promise<void>;

export interface SettleOptions {
  readonly script?: Script | undefined;
  readonly observer?: InvariantObserver;
}

const settleScript = loadScript('entries/settle');

/** Returns a function that settles entries of one partition by settle.lua. */
export function settleBy(
  redis: Pick<RedisConnection, 'client'>,
  prefix: string,
  { script = settleScript, observer = unobserved }: SettleOptions = {},
): SettleEntries {
  return async (settlements) => {
    if (settlements.length === 0) return;
    const keys = [waitingKey, bytesKey, rejectedKey].map((name) => name(prefix));
    const args: (string | number)[] = [];
    for (const [userId, entries] of groupByAccount(settlements)) {
      keys.push(pendingKey(prefix, userId));
      args.push(userId, entries.length);
      for (const { key, text } of entries) args.push(key, text);
    }
    const settled = await runScript(redis.client, script, keys, args); // the answer of settle.lua
    assertInvariant(Number(settled) <= settlements.length, 'settled_entry_was_asked', observer);
  };
}
