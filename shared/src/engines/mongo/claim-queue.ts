import type { Database } from './database.js';
import { agreeOnPartitions } from './partitions.js';
import type { RedisConnections } from './redis-connections.js';
import { expectOwnQueue, storeIdOf, type NamedStore } from './store-id.js';

export interface QueueClaim {
  readonly database: NamedStore & Pick<Database, 'times'>;
  /** All that a process uses, for the same partitions. */
  readonly connections: readonly RedisConnections[];
  readonly partitions: number;
  /** Makes connections for that many partitions. */
  readonly connect: (partitions: number) => RedisConnections;
}

/**
 * Claims the queue in Redis for the store whose process this is, and agrees with the others on its partitions. Throws
 * `AnothersQueue` if another store has it, before anything is changed there, and as `agreeOnPartitions` does.
 */
export async function claimQueue({ database, connections, partitions, connect }: QueueClaim): Promise<void> {
  for (const redis of connections) await expectOwnQueue(database, redis);
  const storeId = await storeIdOf(database);
  for (const redis of connections) await redis.belongTo(storeId);
  await agreeOnPartitions(database.settings, partitions, connect, database.times.openMs);
}
