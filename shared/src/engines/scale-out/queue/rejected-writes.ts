import { entryId, parseEntryId, type EntryName } from '../../../ids/entry-name.js';
import { pendingKey, rejectedKey, waitingKey } from '../redis/keys.js';
import { formatStamp, parseStamp, stampDigits, type Stamp } from '../redis/pending-entry.js';
import type { RejectedJob } from './partition-queue.js';
import type { RedisConnection } from '../redis/redis-connection.js';
import { loadScript, runScript } from '../redis/scripts.js';

const rejectScript = loadScript('entries/reject');
const takeBackScript = loadScript('entries/retry-rejected');

const linesPerScan = 500;

/** Writes of one partition that MongoDB rejected. */
export class RejectedWrites {
  constructor(
    private readonly redis: Pick<RedisConnection, 'client'>,
    private readonly prefix: string,
  ) {}

  /**
   * Gives the entry a job of its own, which fails with `reason` and stays, then marks the entry rejected. In this
   * order, an entry that nobody tries is always shown. The job's id is made from the version, so a crash in between
   * makes no second job.
   */
  async reject(
    { userId, key, epoch, version, request }: EntryName & Stamp & Pick<RejectedJob['data'], 'request'>,
    reason: string,
    addJob: (job: RejectedJob) => Promise<void>,
  ): Promise<void> {
    await addJob({ name: 'rejected', data: { userId, key, version, request, reason } });
    const args = [userId, key, formatStamp({ epoch, version }), reason];
    await runScript(this.redis.client, rejectScript, this.#keys(userId), args);
  }

  /** Makes the entry wait again. Returns false if it is not rejected. */
  async takeBack({ userId, key }: EntryName): Promise<boolean> {
    return (await runScript(this.redis.client, takeBackScript, this.#keys(userId), [userId, key])) === 1;
  }

  /** Returns the rejected write of the entry, if there is one. */
  async find({ userId, key }: EntryName): Promise<RejectedJob['data'] | undefined> {
    const member = entryId(userId, key);
    const line = await this.redis.client.hget(rejectedKey(this.prefix), member);
    return line === null ? undefined : parse(member, line);
  }

  /**
   * Yields all rejected writes in no order. A write that is rejected or taken back meanwhile may be missing or come
   * twice.
   */
  async *all(): AsyncGenerator<RejectedJob['data']> {
    for (let cursor = '0'; ;) {
      const [next, found] = await this.redis.client.hscan(rejectedKey(this.prefix), cursor, 'COUNT', linesPerScan);
      for (let at = 0; at < found.length; at += 2) yield parse(found[at] ?? '', found[at + 1] ?? '');
      if (next === '0') return;
      cursor = next;
    }
  }

  #keys(userId: string): string[] {
    return [pendingKey(this.prefix, userId), rejectedKey(this.prefix), waitingKey(this.prefix)];
  }
}

function parse(member: string, line: string): RejectedJob['data'] {
  return {
    ...parseEntryId(member),
    version: parseStamp(line).version,
    reason: line.slice(stampDigits),
  };
}
