import { Redis, type RedisOptions } from 'ioredis';
import { parseClusterUrl, type RedisClusterUrl } from '../../../config/redis-url.js';
import { ClusterSlots, type ClusterTimes } from './cluster-slots.js';
import { partitionPrefix } from './keys.js';
import { isElsewhere, slotConnector } from './slot-connector.js';

/** Options of ioredis for a connection. */
export type ConnectOptions = Omit<RedisOptions, 'replyMapping'>;

/** Servers that hold the queue. */
export interface RedisTopology {
  /** Mode as Redis itself reports it. */
  readonly mode: 'standalone' | 'cluster';
  /** Groups the partitions that share a connection. */
  groups(partitions: number): number[][];
  /** Returns a client of the server that has the partition, now and after each break. */
  connect(partition: number, options: ConnectOptions): Redis;
  /** Returns a client of each node of a cluster that may be given partitions; none for a single Redis. */
  masters(): Promise<Redis[]>;
  close(): void;
}

/** Returns the topology that `[QUEUE] redis` names. It connects to nothing yet. */
export function openRedisTopology(url: string, times: ClusterTimes): RedisTopology {
  const cluster = parseClusterUrl(url);
  return cluster ? new RedisCluster(cluster, times) : new SingleRedis(url);
}

/** Single Redis, which has all partitions. */
class SingleRedis implements RedisTopology {
  readonly mode = 'standalone';

  constructor(private readonly url: string) {}

  groups(partitions: number): number[][] {
    return [Array.from({ length: partitions }, (_, partition) => partition)];
  }

  connect(_partition: number, options: ConnectOptions): Redis {
    return new Redis(this.url, options);
  }

  async masters(): Promise<Redis[]> {
    return [];
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

  connect(partition: number, options: ConnectOptions): Redis {
    return new Redis({
      ...options,
      ...this.#map.access,
      Connector: slotConnector(this.#map, partitionPrefix(partition)),
      reconnectOnError: isElsewhere,
    });
  }

  masters(): Promise<Redis[]> {
    return this.#map.masters();
  }

  close(): void {
    this.#map.close();
  }
}
