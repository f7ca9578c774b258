import { Redis, type RedisOptions } from 'ioredis';
import { parseClusterUrl, parseSentinelUrl, type RedisClusterUrl } from '../../../config/redis-url.js';
import { ClusterSlots, type ClusterTimes } from './cluster-slots.js';
import { isElsewhere, slotConnector } from './slot-connector.js';

/** Options of ioredis for a connection. */
export type ConnectOptions = Omit<RedisOptions, 'replyMapping'>;

/** Servers that hold the queue. */
export interface RedisTopology {
  /** Mode as Redis itself reports it. */
  readonly mode: 'standalone' | 'cluster';
  /** Groups the partitions that share a connection. */
  groups(partitions: number): number[][];
  /** Returns a client of the server that has the keys with this hash tag, now and after each break. */
  connect(prefix: string, options: ConnectOptions): Redis;
  /** Gives `work` a client of each server that may have partitions. */
  withServers<T>(work: (server: Redis) => Promise<T>): Promise<T[]>;
  close(): void;
}

/** Returns the topology that `[QUEUE] redis` names. It connects to nothing yet. */
export function openRedisTopology(url: string, times: ClusterTimes): RedisTopology {
  const cluster = parseClusterUrl(url);
  return cluster ? new RedisCluster(cluster, times) : new SingleRedis(placeOf(url, times), times);
}

/** Returns how to reach a single Redis: the URL, or options for the primary that sentinels name. */
function placeOf(url: string, { clusterAskMs }: ClusterTimes): string | ConnectOptions {
  const sentinels = parseSentinelUrl(url);
  if (!sentinels) return url;
  const { nodes, name, tls, username, password } = sentinels;
  return {
    sentinels: [...nodes],
    name,
    sentinelCommandTimeout: clusterAskMs,
    sentinelRetryStrategy: (attempt) => Math.min(50 * attempt, 500),
    ...(tls && { tls: {}, enableTLSForSentinelMode: true, sentinelTLS: {} }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
}

/** Single Redis, which has all partitions. */
class SingleRedis implements RedisTopology {
  readonly mode = 'standalone';

  readonly #once: ConnectOptions;

  constructor(
    private readonly place: string | ConnectOptions,
    { clusterAskMs }: ClusterTimes,
  ) {
    const timeouts = { commandTimeout: clusterAskMs, connectTimeout: clusterAskMs };
    this.#once = { maxRetriesPerRequest: 0, enableReadyCheck: false, ...timeouts };
  }

  groups(partitions: number): number[][] {
    return [Array.from({ length: partitions }, (_, partition) => partition)];
  }

  connect(_prefix: string, options: ConnectOptions): Redis {
    const own = { reconnectOnError: isElsewhere, ...options };
    return typeof this.place === 'string' ? new Redis(this.place, own) : new Redis({ ...this.place, ...own });
  }

  async withServers<T>(work: (server: Redis) => Promise<T>): Promise<T[]> {
    const server = this.connect('', this.#once);
    let failure: Error | undefined;
    server.on('error', (error) => (failure = error));
    try {
      return [await work(server)];
    } catch (error) {
      throw failure ?? error; // says more than that a command has failed
    } finally {
      server.disconnect();
    }
  }

  close(): void {}
}

/**
 * Redis Cluster. Each partition is one slot, with connections of its own to the node that has the slot. The outage of
 * one node thus affects only its partitions. ioredis's own cluster client is not used, because it would forward a
 * command to another node. That node has another epoch and clock than the one for which the command was made.
 */
class RedisCluster implements RedisTopology {
  readonly mode = 'cluster';
  readonly #map: ClusterSlots;

  constructor(url: RedisClusterUrl, times: ClusterTimes) {
    this.#map = new ClusterSlots(url, times);
  }

  groups(partitions: number): number[][] {
    return Array.from({ length: partitions }, (_, partition) => [partition]);
  }

  connect(prefix: string, options: ConnectOptions): Redis {
    return new Redis({
      reconnectOnError: isElsewhere,
      ...options,
      ...this.#map.access,
      Connector: slotConnector(this.#map, prefix),
    });
  }

  async withServers<T>(work: (server: Redis) => Promise<T>): Promise<T[]> {
    return Promise.all((await this.#map.masters()).map(work));
  }

  close(): void {
    this.#map.close();
  }
}
