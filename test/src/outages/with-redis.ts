import { Redis } from 'ioredis';

/** Looks into Redis, or changes it, from outside: on a connection that does not outlive `work`. */
export async function withRedis<T>(redisUrl: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(redisUrl);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}
