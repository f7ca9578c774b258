import { askDependency, type Health } from '../../health.js';
import type { Database } from './database.js';
import type { RedisConnection } from './redis-connection.js';

export interface ScaleOutHealthParts {
  readonly database: Pick<Database, 'ping'>;
  /** All connections to Redis: one of them may be broken. */
  readonly connections: readonly Pick<RedisConnection, 'client'>[];
  /** Whether reads go on without Redis. */
  readonly staleReads: boolean;
}

/** Without MongoDB writes are still accepted and read; without Redis there are stale reads at most. Never throws; within 2 s. */
export async function scaleOutHealth({ database, connections, staleReads }: ScaleOutHealthParts): Promise<Health> {
  const [mongodb, redis] = await Promise.all([
    askDependency('mongodb', () => database.ping()),
    askDependency('redis', () => Promise.all(connections.map(({ client }) => client.ping()))),
  ]);
  return { canServe: redis.answered || (staleReads && mongodb.answered), dependencies: [mongodb, redis] };
}
