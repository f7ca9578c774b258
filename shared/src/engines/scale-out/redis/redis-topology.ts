import { Redis, type RedisOptions } from 'ioredis';
import { parseClusterUrl, type RedisClusterUrl } from '../../../config/redis-url.js';
import { ClusterSlots, type ClusterTimes } from './cluster-slots.js';
import { partitionPrefix } from './keys.js';
import { isElsewhere, slotConnector } from './slot-connector.js';

/** Of ioredis. */
export type ConnectOptions = Omit<RedisOptions, 'replyMapping'>;

/** Where the queue is. */
export interface RedisTopology {
  /** As Redis says it of itself. */
  readonly mode: 'standalone' | 'cluster';
  /** The partitions that share a connection. */
  groups(partitions: number): number[][];
  /** A client of the server that has this partition, now and after each break. */
  connect(partition: number, options: ConnectOptions): Redis;
  /** The nodes of a cluster that may be given partitions. */
  masters(): Promise<Redis[]>;
  close(): void;
}

/** What `[QUEUE] redis` names. Nothing is connected yet. */
export function openRedisTopology(url: string, times: ClusterTimes): RedisTopology {
  const cluster = parseClusterUrl(url);
  return cluster ? new RedisCluster(cluster, times) : new SingleRedis(url);
}

/** One Redis, which has all partitions. */
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
 * A Redis Cluster. Each partition is one slot, and has connections of its own to the node that has this slot, so that an outage
 * of one node is one of its partitions alone. ioredis's own client of a cluster would send a command on to another node, whose epoch
 * and clock are not those by which it was made.
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
