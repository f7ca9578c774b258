import type { Redis } from 'ioredis';

const keysPerScan = 1_000;

/** The keys of one server that match a pattern of Redis, in no order; one may come twice. */
export async function* keysLike(redis: Redis, pattern: string): AsyncGenerator<string> {
  for await (const found of redis.scanStream({ match: pattern, count: keysPerScan })) yield* found as string[];
}
