import type { Database } from '../mongodb/database.js';
import { agreeOnPartitions } from './partitions.js';
import type { PartitionedConnections } from '../redis/partitioned-redis.js';
import { expectOwnQueue, storeIdOf, type NamedStore } from './store-id.js';

export interface OwnedQueue {
  readonly database: NamedStore & Pick<Database, 'times'>;
  /** All that a process uses, for the same partitions. */
  readonly connections: readonly PartitionedConnections[];
  readonly partitions: number;
  /** Makes connections for that many partitions. */
  readonly connect: (partitions: number) => PartitionedConnections;
}

/**
 * Claims the queue in Redis for the store whose process this is, and agrees with the others on its partitions. Throws
 * `ForeignQueueError` if another store has it, before anything is changed there, and as `agreeOnPartitions` does.
 */
export async function takeOwnership({ database, connections, partitions, connect }: OwnedQueue): Promise<void> {
  for (const redis of connections) await expectOwnQueue(database, redis);
  const storeId = await storeIdOf(database);
  for (const redis of connections) await redis.belongTo(storeId);
  await agreeOnPartitions(database.settings, partitions, connect, database.times.openMs);
}
