import type { Config } from '../../../config/config.js';
import { askDependency, type DependencyHealth, type Health } from '../../../ports/health.js';
import type { Database } from '../mongodb/database.js';
import type { PartitionedConnections } from '../redis/partitioned-redis.js';
import { durabilityOf, readSettings, settingsProblems, weakest, type RedisSettings } from '../redis/redis-settings.js';

export interface ScaleOutHealthParts {
  readonly database: Pick<Database, 'ping' | 'times'>;
  /** All ways to the partitions: one of them may be broken. */
  readonly ways: readonly Pick<PartitionedConnections, 'all'>[];
  readonly queue: Pick<Config['queue'], 'staleReads' | 'durability'>;
}

/**
 * Without MongoDB writes are still accepted and read; without Redis there are stale reads at most. With a Redis Cluster the
 * accounts of each partition that answers can be served. Never throws; within 2 s.
 */
export async function scaleOutHealth(parts: ScaleOutHealthParts): Promise<Health> {
  const { mongodb, redis, anyRedis } = await askBoth(parts);
  return {
    canServe: anyRedis || (parts.queue.staleReads && mongodb.answered),
    dependencies: [mongodb, redis],
  };
}

interface Both {
  readonly mongodb: DependencyHealth;
  /** All of it. */
  readonly redis: DependencyHealth;
  /** Whether a part of it answers, of a cluster. */
  readonly anyRedis: boolean;
}

/**
 * MongoDB and Redis. Redis's settings are looked at each time: they can be changed while it runs, and then answered writes are not
 * what they were. Never throws; within 2 s.
 */
export async function askBoth({
  database,
  ways,
  queue,
}: Omit<ScaleOutHealthParts, 'queue'> & {
  readonly queue: Pick<Config['queue'], 'durability'>;
}): Promise<Both> {
  const { answerMs } = database.times;
  let anyRedis = false;
  const askPart = async (part: number) => {
    const settings = await Promise.all(ways.flatMap(({ all }) => all[part] ?? []).map(settingsOf));
    anyRedis = true;
    return settings;
  };
  const askRedis = async () => {
    const parts = (ways[0]?.all ?? []).map((_, part) => askPart(part));
    await Promise.allSettled(parts); // the others are asked, too
    return (await Promise.all(parts)).flat();
  };
  const [mongodb, redis] = await Promise.all([
    askDependency('mongodb', () => database.ping(), answerMs),
    askDependency('redis', askRedis, answerMs, (settings) => {
      const problems = new Set(settings.flatMap((each) => settingsProblems(each, queue.durability)));
      const durability = weakest(settings.map(durabilityOf));
      return problems.size > 0 ? { durability, problem: [...problems].join(' ') } : { durability };
    }),
  ]);
  return { mongodb, redis, anyRedis };
}

/** Whoever is asked may throw at once. */
const settingsOf = async (connection: PartitionedConnections['all'][number]): Promise<RedisSettings> =>
  readSettings(connection.client);
