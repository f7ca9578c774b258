import type { Database } from '../mongodb/database.js';
import { agreeOnPartitions } from './partitions.js';
import type { PartitionedConnections } from '../redis/partitioned-redis.js';
import { expectOwnQueue, storeIdOf, type NamedStore } from './store-id.js';

export interface OwnedQueue {
  readonly database: NamedStore & Pick<Database, 'times'>;
  /** All connections of the process, for the same partitions. */
  readonly connections: readonly PartitionedConnections[];
  readonly partitions: number;
  /** Makes connections for the given number of partitions. */
  readonly connect: (partitions: number) => PartitionedConnections;
}

/**
 * Claims the queue in Redis for this process's store, and agrees with other processes on its partitions. Throws
 * `ForeignQueueError` if another store owns it, before changing anything there. Also throws as `agreeOnPartitions`
 * does.
 */
export async function takeOwnership({ database, connections, partitions, connect }: OwnedQueue): Promise<void> {
  for (const redis of connections) await expectOwnQueue(database, redis);
  const storeId = await storeIdOf(database);
  for (const redis of connections) await redis.belongTo(storeId);
  await agreeOnPartitions(database.settings, partitions, connect, database.times.openMs);
}
