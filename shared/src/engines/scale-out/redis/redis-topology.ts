import type { ConnectionOptions } from 'node:tls';
import { Redis, type RedisOptions } from 'ioredis';
import type { CertificateFile } from '../../../config/certificate-file.js';
import { isTlsUrl, parseClusterUrl, parseSentinelUrl } from '../../../config/redis-url.js';
import { reconnectPause } from '../../../process/reconnect-pause.js';
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

/** Returns the topology that `[QUEUE] redis` names. `tlsCa` is for a URL with TLS. It connects to nothing yet. */
export function openRedisTopology(url: string, tlsCa: CertificateFile | undefined, times: ClusterTimes): RedisTopology {
  const tls = isTlsUrl(url) ? { ...(tlsCa && { ca: tlsCa.pem }) } : undefined;
  const cluster = parseClusterUrl(url);
  if (cluster) return new RedisCluster(new ClusterSlots(cluster, tls, times));
  return new SingleRedis(connectorOf(url, tls, times), times);
}

type Connect = (options: ConnectOptions) => Redis;

/** Returns a function that connects to the Redis of a URL, or to the primary that its sentinels name. */
function connectorOf(url: string, tls: ConnectionOptions | undefined, times: ClusterTimes): Connect {
  const sentinels = parseSentinelUrl(url);
  if (!sentinels) return (options) => new Redis(url, { ...options, ...(tls && { tls }) });
  const { nodes, name, username, password } = sentinels;
  const place: ConnectOptions = {
    sentinels: [...nodes],
    name,
    sentinelCommandTimeout: times.clusterAskMs,
    sentinelRetryStrategy: reconnectPause(times),
    ...(tls && { tls, enableTLSForSentinelMode: true, sentinelTLS: tls }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
  return (options) => new Redis({ ...place, ...options });
}

/** Single Redis, which has all partitions. */
class SingleRedis implements RedisTopology {
  readonly mode = 'standalone';

  readonly #once: ConnectOptions;

  constructor(
    private readonly connectTo: Connect,
    { clusterAskMs }: ClusterTimes,
  ) {
    const timeouts = { commandTimeout: clusterAskMs, connectTimeout: clusterAskMs };
    this.#once = { maxRetriesPerRequest: 0, enableReadyCheck: false, ...timeouts };
  }

  groups(partitions: number): number[][] {
    return [Array.from({ length: partitions }, (_, partition) => partition)];
  }

  connect(_prefix: string, options: ConnectOptions): Redis {
    return this.connectTo({ reconnectOnError: isElsewhere, ...options });
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

  constructor(private readonly map: ClusterSlots) {}

  groups(partitions: number): number[][] {
    return Array.from({ length: partitions }, (_, partition) => [partition]);
  }

  connect(prefix: string, options: ConnectOptions): Redis {
    return new Redis({
      reconnectOnError: isElsewhere,
      ...options,
      ...this.map.access,
      Connector: slotConnector(this.map, prefix),
    });
  }

  async withServers<T>(work: (server: Redis) => Promise<T>): Promise<T[]> {
    return Promise.all((await this.map.masters()).map(work));
  }

  close(): void {
    this.map.close();
  }
}
