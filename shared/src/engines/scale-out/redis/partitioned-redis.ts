import type { Redis } from 'ioredis';
import type { Log } from '../../../process/log.js';
import { partitionOf, partitionPrefix } from './keys.js';
import { RedisConnection, type RedisConnectionOptions } from './redis-connection.js';
import type { RedisTopology } from './redis-topology.js';

/** Connections by partition. */
export interface PartitionedRedis<Connection = RedisConnection> {
  /** Number of partitions. */
  readonly partitions: number;
  connectionOf(partition: number): Connection;
  /** Returns the prefix of a partition's keys. */
  prefixOf(partition: number): string;
}

/** Returns the connection of the partition to which an account, or another name, belongs. */
export const redisOf = <Connection>(redis: PartitionedRedis<Connection>, name: string): Connection =>
  redis.connectionOf(partitionOf(name, redis.partitions));

/** Returns the prefix of that partition's keys. */
export const prefixFor = (redis: Pick<PartitionedRedis, 'partitions' | 'prefixOf'>, name: string): string =>
  redis.prefixOf(partitionOf(name, redis.partitions));

/**
 * Sends a command for each partition and resolves with the answers, in the order of the partitions. Throws the first
 * error, and `unavailable` if a partition has no Redis. `ask` gets the prefix of the partition's keys.
 */
export const ofEachPartition = <Answer>(
  redis: PartitionedRedis,
  ask: (client: Redis, prefix: string) => Promise<Answer>,
): Promise<Answer[]> =>
  Promise.all(
    // Async, so that a partition without Redis rejects like the others and none of them is left without a reader
    Array.from({ length: redis.partitions }, async (_, partition) =>
      ask(redis.connectionOf(partition).client, redis.prefixOf(partition)),
    ),
  );

export interface ConnectionsOptions extends Pick<
  RedisConnectionOptions,
  'queueId' | 'times' | 'commandTimeoutMs' | 'check' | 'epochs'
> {
  /** True if nobody else uses the topology: then it is closed with the connections. */
  readonly closesPlace?: boolean;
}

/** One connection for each partition, or one for all if a single Redis has them. */
export class PartitionedConnections implements PartitionedRedis {
  /** Every connection once. */
  readonly all: readonly RedisConnection[];
  readonly #byPartition: RedisConnection[] = [];

  constructor(
    private readonly place: RedisTopology,
    readonly partitions: number,
    log: Log,
    private readonly options: ConnectionsOptions,
  ) {
    this.all = place.groups(partitions).map((group) => {
      const connect: RedisConnectionOptions['connect'] = (own) => place.connect(this.prefixOf(group[0] ?? 0), own);
      const connection = new RedisConnection({ ...options, connect, mode: place.mode, partitions: group, log });
      for (const partition of group) this.#byPartition[partition] = connection;
      return connection;
    });
  }

  connectionOf(partition: number): RedisConnection {
    const found = this.#byPartition[partition];
    if (!found) throw new Error(`there is no partition ${partition}`);
    return found;
  }

  /** Resolves once all connections can be used. Throws `unavailable` after `timeoutMs`. */
  async ready(timeoutMs: number): Promise<void> {
    await Promise.all(this.all.map((connection) => connection.ready(timeoutMs)));
  }

  prefixOf(partition: number): string {
    return partitionPrefix(this.options.queueId, partition);
  }

  /** Begins new epochs of all partitions, as `RedisConnection.beginEpochs` does. */
  async beginEpochs(): Promise<void> {
    await Promise.all(this.all.map((connection) => connection.beginEpochs()));
  }

  /** Gives `work` a client of each server that may have partitions, of this queue or others. */
  withServers<T>(work: (server: Redis) => Promise<T>): Promise<T[]> {
    return this.place.withServers(work);
  }

  get areReady(): boolean {
    return this.all.every(({ isReady }) => isReady);
  }

  close(): void {
    for (const connection of this.all) connection.close();
    if (this.options.closesPlace) this.place.close();
  }
}
