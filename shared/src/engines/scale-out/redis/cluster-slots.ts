import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import { Redis } from 'ioredis';
import type { RedisClusterUrl, RedisNode } from '../../../config/redis-url.js';
import { reconnectPause } from '../../../process/reconnect-pause.js';
import type { TimeBudget } from '../../../time-budget.js';

export type ClusterTimes = Pick<TimeBudget, 'clusterAskMs' | 'lookMs' | 'reconnectMs'>;

/** Range of slots as `CLUSTER SLOTS` answers it: its master, then replicas. */
type SlotRange = [first: number, last: number, master: [host: string | null, port: number, id: string]];

interface Watch {
  readonly slot: number;
  readonly node: RedisNode;
  readonly onMoved: () => void;
}

const nameOf = ({ host, port }: RedisNode) => `${host}:${port}`;

/**
 * Map from slots to nodes of a Redis Cluster. It asks all known nodes at once, because some may be down or hang. The
 * first answer counts. It may be out of date for a moment, which is harmless: Redis lets a node serve only slots that
 * it has.
 */
export class ClusterSlots {
  readonly #nodes = new Map<string, { readonly node: RedisNode; readonly client: Redis }>();
  readonly #slots = new Map<string, Promise<number>>();
  readonly #watches = new Set<Watch>();
  readonly #closing = new AbortController();
  #asked: Promise<readonly SlotRange[]> | undefined;
  #isLooking = false;

  constructor(
    private readonly url: RedisClusterUrl,
    /** Options of TLS; `undefined` for plain TCP. */
    private readonly tls: ConnectionOptions | undefined,
    private readonly times: ClusterTimes,
  ) {
    for (const node of url.nodes) this.#add(node);
  }

  /** Options with which a client may connect to any node. */
  get access(): { tls?: ConnectionOptions; username?: string; password?: string } {
    const { tls } = this;
    const { username, password } = this.url;
    return {
      ...(tls && { tls }),
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
    };
  }

  /** Returns the slot of a key, computed by Redis. */
  slotOf(key: string): Promise<number> {
    const known = this.#slots.get(key);
    if (known) return known;
    const asked = this.#askAll((client) => client.cluster('KEYSLOT', key));
    this.#slots.set(key, asked);
    asked.catch(() => this.#slots.delete(key));
    return asked;
  }

  /** Returns the node that has the slot. Throws an `Error` if there is none, or if no known node answers. */
  async nodeOf(slot: number): Promise<RedisNode> {
    const found = (await this.#ranges()).find(([first, last]) => first <= slot && slot <= last);
    if (!found) throw new Error(`no node of the Redis Cluster has slot ${slot}`);
    const [, , [host, port]] = found;
    return { host: host ?? '', port };
  }

  /** Returns a client of each node that has slots. */
  async masters(): Promise<Redis[]> {
    const named = (await this.#ranges()).map(([, , [host, port]]) => nameOf({ host: host ?? '', port }));
    return [...new Set(named)].flatMap((name) => this.#nodes.get(name)?.client ?? []);
  }

  /** Calls `onMoved` once when another node has the slot. Returns a function that ends the watch. */
  watch(slot: number, node: RedisNode, onMoved: () => void): () => void {
    const watch = { slot, node, onMoved };
    this.#watches.add(watch);
    void this.#look();
    return () => this.#watches.delete(watch);
  }

  close(): void {
    this.#closing.abort();
    for (const { client } of this.#nodes.values()) client.disconnect();
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { signal } = this.#closing;
    while (!signal.aborted && this.#watches.size > 0) {
      await delay(this.times.lookMs, undefined, { signal, ref: false }).catch(() => {}); // the loop checks the signal
      await Promise.allSettled([...this.#watches].map((watch) => this.#compare(watch)));
    }
    this.#isLooking = false;
  }

  async #compare(watch: Watch): Promise<void> {
    if (nameOf(await this.nodeOf(watch.slot)) === nameOf(watch.node)) return;
    if (this.#watches.delete(watch)) watch.onMoved();
  }

  /** Returns all ranges of slots. Concurrent callers share one answer. */
  async #ranges(): Promise<readonly SlotRange[]> {
    this.#asked ??= this.#askRanges().finally(() => (this.#asked = undefined));
    return this.#asked;
  }

  async #askRanges(): Promise<readonly SlotRange[]> {
    const ranges = await this.#askAll(async (client, asked) => {
      const answer = (await client.cluster('SLOTS')) as unknown as SlotRange[]; // replicas are left out here
      // A node that does not know its own address leaves it out, and means the one at which it was asked
      return answer.map(([first, last, [host, port, id]]): SlotRange => [first, last, [host || asked.host, port, id]]);
    });
    for (const [, , [host, port]] of ranges) this.#add({ host: host ?? '', port });
    return ranges;
  }

  async #askAll<T>(ask: (client: Redis, node: RedisNode) => Promise<T>): Promise<T> {
    try {
      return await Promise.any([...this.#nodes.values()].map(({ client, node }) => ask(client, node)));
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error;
    }
  }

  #add(node: RedisNode): void {
    if (this.#nodes.has(nameOf(node)) || this.#closing.signal.aborted) return;
    const client = new Redis({
      ...node,
      ...this.access,
      lazyConnect: true,
      maxRetriesPerRequest: 0,
      commandTimeout: this.times.clusterAskMs,
      connectTimeout: this.times.clusterAskMs,
      retryStrategy: reconnectPause(this.times),
    });
    client.on('error', () => {}); // callers get the error
    this.#nodes.set(nameOf(node), { node, client });
  }
}
