import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/**
 * The names of all Redis keys of the scale-out engine. Everything of one account is in one partition, and its hash tag puts a
 * partition into one slot of a Redis Cluster.
 */
export const queueName = 'entries';

/** The partition of an account, 0 to `partitions` - 1: the first four bytes of its id's SHA-256. */
export function partitionOf(userId: string, partitions: number): number {
  if (partitions === 1) return 0;
  return createHash('sha256').update(userId).digest().readUInt32BE(0) % partitions;
}

/** The prefix of a partition's keys, a hash tag; also BullMQ's prefix for its queue. */
export const partitionPrefix = (partition: number) => `{kb:${partition}}`;

/** In a pattern of Redis the prefix of every partition. */
export const anyPartitionPrefix = '{kb:*}';

/** Hash: name of the partition's present epoch, the server with which it began, and the store that has claimed it. */
export const epochKey = (prefix: string) => `${prefix}:epoch`;
/** Hash: client → epoch, then token hash and expiry, or a lease. */
export const tokensKey = (prefix: string, userId: string) => `${prefix}:tokens:${userId}`;
/** Hash: key → version, operation and value of a write that MongoDB may not have yet. */
export const pendingKey = (prefix: string, userId: string) => `${prefix}:pending:${userId}`;
/** The erasure mark of an account. */
export const erasedKey = (prefix: string, userId: string) => `${prefix}:erased:${userId}`;
/** Hash: `<user>/<key>` → version and reason of a write that MongoDB rejected. */
export const rejectedKey = (prefix: string) => `${prefix}:rejected`;
/** String: the last version given out. */
export const clockKey = (prefix: string) => `${prefix}:clock`;
/** Sorted set: `<user>/<key>` → version from which on this entry is pending; tells the lag, and the sweeper what to take. */
export const waitingKey = (prefix: string) => `${prefix}:waiting`;
/** String: bytes pending in the partition. */
export const bytesKey = (prefix: string) => `${prefix}:bytes`;
/** Sorted set: `<user>/<key>` → version of a delete that was settled within the last seconds. */
export const deletedKey = (prefix: string) => `${prefix}:deleted`;
/** String: the worker that sweeps the partition. */
export const sweeperKey = (prefix: string) => `${prefix}:sweeper`;
/** String: the worker that repeats erasures. */
export const eraserKey = `${partitionPrefix(0)}:eraser`;
/** String: the worker that removes the bytes of files. */
export const fileSweeperKey = `${partitionPrefix(0)}:files`;
/** String: how often a process has looked whether the partition is still what it was. */
export const looksKey = (prefix: string, processId: string) => `${prefix}:looks:${processId}`;
/** Token hash → user and client; in a partition that the hash tells, for the account is not known yet. */
export const tokenIndexKey = (prefix: string, tokenHash: string) => `${prefix}:token:${tokenHash}`;
/** Of a string: what a limit counts, a hash that names nobody → how often; expires with its window. */
export const countersPrefix = (prefix: string) => `${prefix}:count`;

/**
 * In Redis and in MongoDB a post is an entry whose key no entry can have, after all that entries can have: so whatever holds for
 * entries on their way holds for posts.
 */
const mark = '~';

export const postKey = (id: string) => mark + id;
export const postIdOf = (key: string) => key.slice(mark.length);

const keysPerScan = 1_000;

/** The keys of one server that match a pattern of Redis, in no order; one may come twice. */
export async function* keysLike(redis: Redis, pattern: string): AsyncGenerator<string> {
  for await (const found of redis.scanStream({ match: pattern, count: keysPerScan })) yield* found as string[];
}
