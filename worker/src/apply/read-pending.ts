import type { EntryName } from '@keybin/shared/ids/entry-name.js';
import { pendingKey, rejectedKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { parsePendingEntry, type PendingEntry } from '@keybin/shared/engines/scale-out/redis/pending-entry.js';
import type { RedisConnection } from '@keybin/shared/engines/scale-out/redis/redis-connection.js';
import { loadScript, runScript } from '@keybin/shared/engines/scale-out/redis/scripts.js';
import { flatten, type EntryNames } from './entry-names.js';

/** Bytes of values that are read for one bulk write. The last entry may exceed it. */
const bytesPerRead = 8 * 1024 * 1024;

/** Entry as it was pending. */
export interface StagedEntry extends EntryName, PendingEntry {
  /** Text in Redis, which tells whether the entry is still the same. */
  readonly text: string;
}

export interface PendingRead {
  readonly staged: StagedEntry[];
  /** Entries that are not pending. */
  readonly absent: EntryName[];
  /** Entries left for the next read, because the answer was long enough. */
  readonly unread: EntryName[];
}

const readScript = loadScript('entries/read-for-apply');
const isRejected = 1;

/** Reads the pending entries of `names`, without rejected ones. */
export async function readPending(
  redis: Pick<RedisConnection, 'client'>,
  prefix: string,
  names: EntryNames,
): Promise<PendingRead> {
  const keys = [rejectedKey(prefix)];
  const args: (string | number)[] = [bytesPerRead];
  for (const [userId, entryKeys] of names) {
    keys.push(pendingKey(prefix, userId));
    args.push(userId, entryKeys.length, ...entryKeys);
  }
  // The answer of read-for-apply.lua
  const answers = (await runScript(redis.client, readScript, keys, args)) as (string | number)[];
  const asked = flatten(names);
  const staged: StagedEntry[] = [];
  const absent: EntryName[] = [];
  answers.forEach((answer, position) => {
    const name = asked[position];
    if (name === undefined || answer === isRejected) return;
    if (typeof answer === 'number') absent.push(name);
    else {
      staged.push({ userId: name.userId, key: name.key, ...parsePendingEntry(answer), text: answer });
    }
  });
  return { staged, absent, unread: asked.slice(answers.length) };
}
