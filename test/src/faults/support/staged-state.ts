import { bytesKey, pendingKey, waitingKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { prefixIn } from '../../world/services/queue-prefix.js';
import { openJobs } from './jobs.js';
import { withRedis } from './with-redis.js';

/** All data of accepted writes in Redis, partition 0. */
export interface StagedState {
  /** `<user>/<key>` → the pending entry as text. */
  readonly pending: Readonly<Record<string, string>>;
  /** `<user>/<key>`, in the order of their versions. */
  readonly waiting: readonly string[];
  /** Number of bytes, as the API counts them. */
  readonly bytes: number;
  readonly jobs: number;
}

export async function stagedState(redisUrl: string): Promise<StagedState> {
  const prefix = await prefixIn(redisUrl);
  const { length: jobs } = await openJobs(redisUrl);
  return withRedis(redisUrl, async (redis) => {
    const pending: Record<string, string> = {};
    for (const name of await redis.keys(pendingKey(prefix, '*'))) {
      const userId = name.slice(pendingKey(prefix, '').length);
      for (const [key, text] of Object.entries(await redis.hgetall(name))) pending[`${userId}/${key}`] = text;
    }
    const waiting = await redis.zrange(waitingKey(prefix), '0', '-1');
    return { pending, waiting, bytes: Number((await redis.get(bytesKey(prefix))) ?? 0), jobs };
  });
}

/** Returns the right value of `bytes`: the size of keys and pending entries. */
export const bytesOf = ({ pending }: StagedState): number =>
  Object.entries(pending).reduce((sum, [id, text]) => sum + Buffer.byteLength(id.slice(id.indexOf('/') + 1) + text), 0);
