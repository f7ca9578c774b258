import { clockKey, waitingKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { parseEntryId, type EntryName } from '@keybin/shared/ids/entry-name.js';
import type { RedisConnection } from '@keybin/shared/engines/scale-out/redis/redis-connection.js';
import { InvariantError } from '@keybin/shared/invariant.js';
import type { Log } from '@keybin/shared/process/log.js';
import { namesOf, type EntryNames } from '../apply/entry-names.js';
import type { Overdue } from './overdue.js';

export interface SweepOptions {
  readonly redis: Pick<RedisConnection, 'client'>;
  /** Prefix of the partition's keys. */
  readonly prefix: string;
  /** Applies entries. Returns those that go on waiting. */
  readonly apply: (names: EntryNames) => Promise<readonly EntryName[]>;
  readonly overdue: Overdue;
  readonly batchEntries: number;
  readonly log: Log;
}

/** Returns Redis's time in µs, from which versions are made. */
export async function redisTimeUs(redis: Pick<RedisConnection, 'client'>): Promise<number> {
  const [seconds, micros] = await redis.client.time();
  return Number(seconds) * 1_000_000 + Number(micros);
}

/**
 * Applies the entries of one partition that have waited too long, without BullMQ. Their jobs may have been lost or
 * removed, the queue may be paused, or Redis may be too full to fetch a job.
 */
export async function sweepEntries({ redis, prefix, apply, overdue, batchEntries, log }: SweepOptions): Promise<void> {
  const version = Number((await redis.client.get(clockKey(prefix))) ?? 0);
  const latest = overdue.lastVersion(await redisTimeUs(redis), version);
  for (let stillWaiting = 0; ;) {
    const members = await redis.client.zrange(
      waitingKey(prefix),
      '-inf',
      String(latest),
      'BYSCORE',
      'LIMIT',
      stillWaiting, // an offset, because those stay first in line
      batchEntries,
    );
    if (members.length === 0) return;
    log.info({ entries: members.length }, 'Sweeping entries that have waited too long');
    stillWaiting += await applyWhatHolds(members.map(parseEntryId), apply);
  }
}

/**
 * Applies entries. A batch for which an invariant does not hold is refused as a whole, so it is halved until the entry
 * that breaks it is alone and holds up no other one. Returns how many entries go on waiting.
 */
async function applyWhatHolds(entries: readonly EntryName[], apply: SweepOptions['apply']): Promise<number> {
  try {
    return (await apply(namesOf(entries))).length;
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error;
    if (entries.length <= 1) return entries.length;
    const half = Math.ceil(entries.length / 2);
    return (await applyWhatHolds(entries.slice(0, half), apply)) + (await applyWhatHolds(entries.slice(half), apply));
  }
}
