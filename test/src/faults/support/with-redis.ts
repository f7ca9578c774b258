import { Redis } from 'ioredis';

/** Runs `work` on its own connection to Redis, and closes the connection afterwards. */
export async function withRedis<T>(redisUrl: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(redisUrl);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

/** Calls `meanwhile` repeatedly until a Redis has had `count` more connections. */
export async function whileConnecting(redisUrl: string, count: number, meanwhile: () => Promise<void>): Promise<void> {
  await withRedis(redisUrl, async (redis) => {
    const enough = (await connectionsOf(redis)) + count;
    while ((await connectionsOf(redis)) < enough) await meanwhile();
  });
}

const connectionsOf = async (redis: Redis) =>
  Number(/^total_connections_received:(\d+)/m.exec(await redis.info('stats'))?.[1]);
