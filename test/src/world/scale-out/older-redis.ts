import type { Redis } from 'ioredis';

/** Everything a database of Redis has: each key with its dump, but without its expiry. */
export type RedisCopy = ReadonlyMap<string, Buffer>;

export async function copyOf(redis: Redis): Promise<RedisCopy> {
  const copy = new Map<string, Buffer>();
  for (const key of await redis.keys('*')) {
    const dump = await redis.dumpBuffer(key);
    if (dump) copy.set(key, dump);
  }
  return copy;
}

/** Gives the database exactly what it had when the copy was made. */
export async function restore(redis: Redis, copy: RedisCopy): Promise<void> {
  await redis.flushdb();
  for (const [key, dump] of copy) await redis.restore(key, 0, dump);
}
