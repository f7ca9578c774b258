import { clockKey, waitingKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { parseEntryId, type EntryName } from '@keybin/shared/ids/entry-name.js';
import type { RedisConnection } from '@keybin/shared/engines/scale-out/redis/redis-connection.js';
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
    const left = await apply(namesOf(members.map(parseEntryId)));
    stillWaiting += left.length;
  }
}
