import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../../process/log.js';
import type { TimeBudget } from '../../../time-budget.js';
import { looksKey, partitionPrefix, waitingKey } from './keys.js';
import type { RedisConnection } from './redis-connection.js';
import type { PartitionedConnections } from './partitioned-redis.js';
import { loadScript, runScript } from './scripts.js';

interface Look {
  readonly looks: number;
  /** Entries that waited to be applied. */
  readonly waiting: number;
  readonly atMs: number;
}

const lookScript = loadScript('partitions/count-looks');

/**
 * Tells in the log when Redis has lost writes: it came back empty, or older than it was. Every second each process adds one to a
 * count of its own in each partition. A smaller count than the one before means that all that came after it is lost, too.
 * How much that is, is known as of the last look: of what was accepted or applied after it nobody keeps a record. Before it looks
 * each connection meets its Redis again, which may have been a replica for a while, or another store's since it was emptied.
 */
export class LossWatch {
  readonly #id = randomUUID();
  readonly #closing = new AbortController();
  readonly #last: (Look | undefined)[] = [];

  /** Looks through `redis`; `connections` are all that are to meet their Redis again. */
  constructor(
    private readonly redis: Pick<PartitionedConnections, 'connectionOf' | 'partitions'>,
    private readonly connections: readonly RedisConnection[],
    private readonly log: Log,
    private readonly times: Pick<TimeBudget, 'lookMs' | 'looksKeptMs'>,
  ) {}

  /** Looks until it is closed. */
  async run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await Promise.allSettled(
        this.connections.map(async (connection) => connection.isReady && connection.checkServer()),
      );
      const looks = Array.from({ length: this.redis.partitions }, (_, partition) => this.#look(partition));
      await Promise.allSettled(looks); // an outage is told by whoever waits for an answer
      await delay(this.times.lookMs, undefined, { signal, ref: false }).catch(() => {}); // the loop looks at the signal
    }
  }

  close(): void {
    this.#closing.abort();
  }

  async #look(partition: number): Promise<void> {
    const prefix = partitionPrefix(partition);
    const keys = [looksKey(prefix, this.#id), waitingKey(prefix)];
    const answer = await runScript(this.redis.connectionOf(partition).client, lookScript, keys, [
      this.times.looksKeptMs,
    ]);
    const [looks, waiting] = answer as [number, number]; // as count-looks.lua says
    const atMs = performance.now();
    const last = this.#last[partition];
    this.#last[partition] = { looks, waiting, atMs };
    if (!last || looks > last.looks || atMs - last.atMs > this.times.looksKeptMs) return;
    const survived = looks === 1 ? 0 : waiting; // counted from the beginning: nothing of that time is left
    const lost = Math.max(last.waiting - survived, 0);
    const seenMsAgo = Math.round(atMs - last.atMs);
    this.log.error(
      { partition, lost, waitedBefore: last.waiting, seenMsAgo },
      'Redis has lost accepted writes that were not applied: it is not what it was when it was last seen',
    );
  }
}
