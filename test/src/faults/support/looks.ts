import { looksKey, partitionPattern } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { eventually } from '../../world/eventually.js';
import { withRedis } from './with-redis.js';

/**
 * Resolves once `apis` processes have looked at Redis, each in a look that began after the call. An API looks every
 * second, so its next look may have begun before.
 */
export async function lookedAgain(redisUrl: string, apis: number): Promise<void> {
  const before = await looks(redisUrl);
  await eventually(async () => {
    const now = await looks(redisUrl);
    return [...now].filter(([key, count]) => count > (before.get(key) ?? 0) + 1).length >= apis;
  }, 'a look of each API');
}

/** Returns the number of looks of each process. */
const looks = (redisUrl: string): Promise<Map<string, number>> =>
  withRedis(redisUrl, async (redis) => {
    const keys = await redis.keys(looksKey(partitionPattern(), '*'));
    const counts = await Promise.all(keys.map((key) => redis.get(key)));
    return new Map(keys.map((key, index) => [key, Number(counts[index])]));
  });
