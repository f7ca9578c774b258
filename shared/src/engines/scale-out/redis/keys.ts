import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

// Names of all Redis keys of the scale-out engine. All keys of an account are in one partition, except for counters and
// the index of tokens. The hash tag puts a partition into one slot of a Redis Cluster.

/** Name of BullMQ's queue in each partition. */
export const queueName = 'entries';

/** Returns the partition of an account, 0 to `partitions` - 1, from the first four bytes of its id's SHA-256. */
export function partitionOf(userId: string, partitions: number): number {
  if (partitions === 1) return 0;
  return createHash('sha256').update(userId).digest().readUInt32BE(0) % partitions;
}

/**
 * Returns the prefix of a partition's keys, a hash tag. It is also BullMQ's prefix for the partition's jobs. `queueId`:
 * each store has a queue of its own, so several may share a Redis.
 */
export const partitionPrefix = (queueId: string, partition: number) => `{kb:${queueId}:${partition}}`;

/** Returns the prefix of every partition of a queue, or of all queues, in a pattern of Redis. */
export const partitionPattern = (queueId = '*') => `{kb:${queueId}:*}`;

/** Returns queue and partition that a key belongs to, or `undefined` if it is no key of Keybin's. */
export function partitionOfKey(key: string): { readonly queueId: string; readonly partition: number } | undefined {
  const [, queueId, partition] = /^\{kb:([^:}]+):(\d+)\}/.exec(key) ?? [];
  return queueId === undefined ? undefined : { queueId, partition: Number(partition) };
}

export const clockKey = (prefix: string) => `${prefix}:clock`;
export const pendingKey = (prefix: string, userId: string) => `${prefix}:pending:${userId}`;
export const waitingKey = (prefix: string) => `${prefix}:waiting`;
export const bytesKey = (prefix: string) => `${prefix}:bytes`;
export const jobsKey = (prefix: string) => `${prefix}:jobs`;
export const rejectedKey = (prefix: string) => `${prefix}:rejected`;
export const slotsKey = (prefix: string) => `${prefix}:slots`;
export const erasedKey = (prefix: string, userId: string) => `${prefix}:erased:${userId}`;
export const epochKey = (prefix: string) => `${prefix}:epoch`;
export const tokensKey = (prefix: string, userId: string) => `${prefix}:tokens:${userId}`;
/** Returns the key of a token's index. The hash tells its partition, because the account is not known yet. */
export const tokenIndexKey = (prefix: string, tokenHash: string) => `${prefix}:token:${tokenHash}`;
/** Returns the prefix of counters. The limiter appends `:` and the limit's own key. */
export const countersPrefix = (prefix: string) => `${prefix}:count`;
export const looksKey = (prefix: string, processId: string) => `${prefix}:looks:${processId}`;
export const probeKey = (prefix: string) => `${prefix}:probe`;
export const sweeperKey = (prefix: string) => `${prefix}:sweeper`;
/** Returns the key of a lease for the whole queue; `prefix` is that of partition 0. */
export const eraserKey = (prefix: string) => `${prefix}:eraser`;
export const fileSweeperKey = (prefix: string) => `${prefix}:files`;

export interface RedisKey {
  /**
   * Name of the key, with `<...>` for the parts that vary. `{kb:<queue>:p}` is any partition, `{kb:<queue>:q}` the
   * partition of the hash.
   */
  readonly pattern: string;
  /** Answer of Redis's `TYPE`. */
  readonly type: 'string' | 'hash' | 'zset' | 'several';
  readonly holds: string;
}

const [p, q] = ['{kb:<queue>:p}', '{kb:<queue>:q}'];
const first = partitionPrefix('<queue>', 0);

/** All keys and what they hold. `npm run settings` writes them into docs/storage.md. */
export const redisKeys: readonly RedisKey[] = [
  { pattern: clockKey(p), type: 'string', holds: 'Last version given out.' },
  {
    pattern: pendingKey(p, '<user>'),
    type: 'hash',
    holds:
      'Pending entries: key, or `~` and the id of a post → epoch (8 digits), version (16), `P` and the value or `D`.',
  },
  { pattern: waitingKey(p), type: 'zset', holds: '`<user>/<key>` → version since which the entry is unapplied.' },
  { pattern: bytesKey(p), type: 'string', holds: 'Bytes of all pending entries.' },
  { pattern: jobsKey(p), type: 'string', holds: 'Number of waiting jobs after the last commit, and their bytes.' },
  {
    pattern: rejectedKey(p),
    type: 'hash',
    holds: '`<user>/<key>` → epoch, version and reason of a write that MongoDB rejected.',
  },
  {
    pattern: slotsKey(p),
    type: 'string',
    holds: 'Table of 65,536 slots of 8 bytes: the version accepted last for an entry of the slot.',
  },
  { pattern: erasedKey(p, '<user>'), type: 'string', holds: 'Mark of an account that is being deleted or disabled.' },
  {
    pattern: epochKey(p),
    type: 'hash',
    holds:
      'Number of the current epoch (`number`), the server it began with (`server`) and the last version before (`clock`).',
  },
  {
    pattern: tokensKey(p, '<user>'),
    type: 'hash',
    holds: 'Hash of the client id → epoch, then hash and expiry of its token, or a lease.',
  },
  { pattern: tokenIndexKey(q, '<hash>'), type: 'string', holds: 'User id and client of a token.' },
  {
    pattern: `${countersPrefix(q)}:<limit>:<hash>`,
    type: 'string',
    holds: 'How often a rate limit has counted a name, an address or both. Expires with its window.',
  },
  {
    pattern: looksKey(p, '<process>'),
    type: 'string',
    holds:
      'Number of looks a process took at the partition. A smaller number than before tells of a loss, a recent one of life.',
  },
  {
    pattern: probeKey(p),
    type: 'string',
    holds: 'Written once a second by each process, to see if writes are refused. Expires at once.',
  },
  { pattern: sweeperKey(p), type: 'string', holds: 'Lease of the worker that sweeps the partition.' },
  { pattern: eraserKey(first), type: 'string', holds: 'Lease of the worker that repeats erasures.' },
  { pattern: fileSweeperKey(first), type: 'string', holds: 'Lease of the worker that removes the bytes of files.' },
  { pattern: `${p}:${queueName}:<...>`, type: 'several', holds: "BullMQ's queue of the partition." },
];

/**
 * First character of a post's key. In Redis and MongoDB a post is an entry, with a key that no real entry can have.
 * Posts sort after all entries. Everything that holds for entries in flight holds for posts.
 */
const mark = '~';

export const postKey = (id: string) => mark + id;
export const postIdOf = (key: string) => key.slice(mark.length);

const keysPerScan = 1_000;

/** Yields the keys of one server that match a pattern of Redis, in no order. A key may come twice. */
export async function* keysLike(redis: Redis, pattern: string): AsyncGenerator<string> {
  for await (const found of redis.scanStream({ match: pattern, count: keysPerScan })) yield* found as string[];
}
