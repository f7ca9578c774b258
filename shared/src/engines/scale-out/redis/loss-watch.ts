import { randomUUID } from 'node:crypto';
import type { Log } from '../../../process/log.js';
import { repeatUntilAborted } from '../../../repeat-until-aborted.js';
import type { TimeBudget } from '../../../time-budget.js';
import { epochKey, looksKey, waitingKey } from './keys.js';
import type { RedisConnection } from './redis-connection.js';
import { ofEachPartition, type PartitionedRedis } from './partitioned-redis.js';
import { loadScript, runScript } from './scripts.js';

interface Look {
  readonly looks: number;
  /** Number of entries that waited to be applied. */
  readonly waiting: number;
  /** Version of the oldest of them, as text. */
  readonly oldest: string;
  readonly atMs: number;
}

const lookScript = loadScript('partitions/count-looks');

/**
 * Watch that logs an error when Redis has lost writes, because it came back empty or with older data.
 *
 * Every second each process increments a count of its own in each partition. A smaller count than before means that
 * later writes are lost, too. The number of lost entries is known as of the last look. Nothing records what was
 * accepted or applied after that. It is the least number: entries of the older data that had been applied by then
 * count as left, unless they are older than all that waited.
 *
 * Before each look, every connection checks its server again. The server may have been a replica for a while, or was
 * emptied.
 */
export class LossWatch {
  readonly #id = randomUUID();
  readonly #closing = new AbortController();
  readonly #last: (Look | undefined)[] = [];

  /** Counts looks through `redis`. All of `connections` check their server before each look. */
  constructor(
    private readonly redis: PartitionedRedis,
    private readonly connections: readonly RedisConnection[],
    private readonly log: Log,
    private readonly times: Pick<TimeBudget, 'lookMs' | 'looksKeptMs'>,
  ) {}

  /** Looks once a second until it is closed. */
  async run(): Promise<void> {
    await repeatUntilAborted(this.#closing.signal, this.times.lookMs, async () => {
      await Promise.allSettled(
        this.connections.map(async (connection) => connection.isReady && connection.checkServer()),
      );
      const looks = Array.from({ length: this.redis.partitions }, (_, partition) => this.#look(partition));
      const looked = await Promise.allSettled(looks); // callers that wait for an answer report the outage
      // A new epoch, as after a restart: not every loss needs one
      const hit = new Set(looked.flatMap((each) => (each.status === 'fulfilled' ? (each.value ?? []) : [])));
      await Promise.allSettled([...hit].map((connection) => connection.beginEpochs()));
    });
  }

  /** Ends the looks, and removes their counts, which tell that the process is alive. */
  close(): void {
    this.#closing.abort();
    const removed = ofEachPartition(this.redis, (client, prefix) => client.del(looksKey(prefix, this.#id)));
    removed.catch(() => {}); // Redis is down, or the connections are closed already
  }

  /** Resolves with the connection if Redis has lost something. */
  async #look(partition: number): Promise<RedisConnection | undefined> {
    const prefix = this.redis.prefixOf(partition);
    const keys = [looksKey(prefix, this.#id), waitingKey(prefix), epochKey(prefix)];
    const connection = this.redis.connectionOf(partition);
    const last = this.#last[partition];
    const args = [this.times.looksKeptMs, last?.oldest ?? '+inf'];
    const answer = await runScript(connection.client, lookScript, keys, args);
    const [looks, waiting, survived, oldest] = answer as [number, number, number, string]; // as count-looks.lua says
    const atMs = performance.now();
    this.#last[partition] = { looks, waiting, oldest, atMs };
    if (!last || looks > last.looks || atMs - last.atMs > this.times.looksKeptMs) return undefined;
    // If the count began anew, nothing from before is left. Entries older than all that waited had been applied
    const lost = Math.max(last.waiting - (looks === 1 ? 0 : survived), 0);
    const fields = { partition, lost, waitedBefore: last.waiting, seenMsAgo: Math.round(atMs - last.atMs) };
    const cause = 'it came back empty or with older data';
    if (last.waiting > 0) this.log.error(fields, `Redis has lost accepted writes that were not applied: ${cause}`);
    else this.log.warn(fields, `Redis may have lost writes of the last second: ${cause}`);
    return connection;
  }
}
