import { badKey, pendingKey, waitingKey } from '@keybin/shared/engines/mongo/keys.js';
import { formatVersion } from '@keybin/shared/engines/mongo/pending-entry.js';
import type { RefusedJob } from '@keybin/shared/engines/mongo/queue.js';
import type { RedisConnection } from '@keybin/shared/engines/mongo/redis-connection.js';
import { loadScript, runScript } from '@keybin/shared/engines/mongo/scripts.js';
import type { EntryName } from './entry-names.js';
import type { StagedEntry } from './pending.js';

export type SetAside = (entry: StagedEntry, reason: string) => Promise<void>;

const setAsideScript = loadScript('set-aside');
const takeBackScript = loadScript('take-back');

const versionDigits = 16;

/** The writes of one partition that MongoDB refuses for good. */
export class BadWrites {
  constructor(
    private readonly redis: Pick<RedisConnection, 'client'>,
    private readonly prefix: string,
    private readonly addJob: (job: RefusedJob) => Promise<void>,
  ) {}

  /**
   * Gives the entry a job of its own, which fails with `reason` and stays, then stops trying it. In this order: an entry that
   * nobody tries is always shown. The job's id is made from the version, so a crash in between does not make a second job.
   */
  async setAside({ userId, key, version }: StagedEntry, reason: string): Promise<void> {
    await this.addJob({ name: 'refused', data: { userId, key, version, reason } });
    await runScript(this.redis.client, setAsideScript, this.#keys(userId), [
      userId,
      key,
      formatVersion(version),
      reason,
    ]);
  }

  /** Lets the entry be tried again. */
  async takeBack({ userId, key }: EntryName): Promise<void> {
    await runScript(this.redis.client, takeBackScript, this.#keys(userId), [userId, key]);
  }

  /** Why the entry is set aside, if it is. */
  async reasonFor({ userId, key }: EntryName): Promise<string | undefined> {
    const line = await this.redis.client.hget(badKey(this.prefix, userId), key);
    return line?.slice(versionDigits);
  }

  #keys(userId: string): string[] {
    return [pendingKey(this.prefix, userId), badKey(this.prefix, userId), waitingKey(this.prefix)];
  }
}
