import type { Config } from '../../../config/config.js';
import { askDependency, type DependencyHealth, type Health } from '../../../ports/health.js';
import type { Database } from '../mongodb/database.js';
import type { WriteRefusals } from '../queue/write-refusals.js';
import type { PartitionedConnections } from '../redis/partitioned-redis.js';
import { durabilityOf, readSettings, settingsProblems, weakest, type RedisSettings } from '../redis/redis-settings.js';

export interface ScaleOutHealthParts {
  readonly database: Pick<Database, 'ping' | 'times'>;
  /** All sets of connections to the partitions. Each set can break alone. */
  readonly ways: readonly Pick<PartitionedConnections, 'all'>[];
  readonly queue: Pick<Config['queue'], 'staleReads' | 'durability'>;
  readonly refusals: Pick<WriteRefusals, 'problem'>;
}

/**
 * Returns the health of the engine within 2 s. Never throws. Without MongoDB, writes are still accepted and read.
 * Without Redis, only stale reads are served, if they are allowed. With a Redis Cluster, the accounts of each partition
 * that answers are served.
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
  /** Health of Redis as a whole: it fails if one part does not answer. */
  readonly redis: DependencyHealth;
  /** True if at least one part answers. A Redis Cluster has several. */
  readonly anyRedis: boolean;
}

/**
 * Checks MongoDB and Redis within 2 s. Never throws. Redis's settings are read each time, because they can be changed
 * while it runs. Acknowledged writes may be less durable from then on.
 */
export async function askBoth({
  database,
  ways,
  queue,
  refusals,
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
    await Promise.allSettled(parts); // waits for every part, even if one fails
    return (await Promise.all(parts)).flat();
  };
  const [mongodb, redis] = await Promise.all([
    askDependency('mongodb', () => database.ping(), answerMs),
    askDependency('redis', askRedis, answerMs, (settings) => {
      const problems = new Set(settings.flatMap((each) => settingsProblems(each, queue.durability)));
      if (refusals.problem !== undefined) problems.add(refusals.problem);
      const durability = weakest(settings.map(durabilityOf));
      return problems.size > 0 ? { durability, problem: [...problems].join(' ') } : { durability };
    }),
  ]);
  return { mongodb, redis, anyRedis };
}

/** Reads the settings of one connection. It is async because `client` may throw at once. */
const settingsOf = async (connection: PartitionedConnections['all'][number]): Promise<RedisSettings> =>
  readSettings(connection.client);
