import type { Redis } from 'ioredis';
import type { Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import {
  rejectedKey,
  partitionPrefix,
  pendingKey,
  waitingKey,
  postKey,
} from '@keybin/shared/engines/scale-out/redis/keys.js';
import { withQueueAt } from '../../faults/support/jobs.js';
import { withRedis } from '../../faults/support/with-redis.js';
import { eventually } from '../../world/eventually.js';
import { differ } from '../checkers/differ.js';
import type { Leftovers, Shown } from '../world.js';

/** Limit, in ms, by which the sweeper, and BullMQ's recovery of a killed worker's jobs, must be done. */
const drainedWithinMs = 90_000;
/** Limit for erasures, in ms. An erasure is repeated after ten seconds, and an upload's lease lasts twenty. */
const erasedWithinMs = 60_000;

/** Access to the queue from outside. */
export interface Queues {
  readonly partitions: number;
  /** Returns the URL of the Redis that holds this partition. */
  readonly redisUrlOf: (partition: number) => string;
  readonly queueId: string;
}

interface Store extends Queues {
  readonly stored: Database;
}

const inEach = async ({ partitions }: Queues, count: (partition: number) => Promise<number>) =>
  sum(await Promise.all(Array.from({ length: partitions }, (_, partition) => count(partition))));

/** Waits until nothing is pending and no job is left, within a limit. `scaleOutLeftovers` reports what is left then. */
export async function drained(queues: Queues): Promise<void> {
  await inTime(async () => (await pendingIn(queues)) + (await jobsIn(queues)) === 0, 'an empty queue');
}

/** Returns true once no write is pending, and false if that takes too long. */
export const applied = (queues: Queues): Promise<boolean> =>
  inTime(async () => (await pendingIn(queues)) === 0, 'nothing pending');

const inTime = (condition: () => Promise<boolean>, what: string): Promise<boolean> =>
  eventually(condition, what, drainedWithinMs).then(
    () => true,
    () => false,
  );

const pendingIn = (queues: Queues): Promise<number> =>
  inEach(queues, (partition) =>
    withRedis(queues.redisUrlOf(partition), (redis) => pendingOf(redis, partitionPrefix(queues.queueId, partition))),
  );

/**
 * Returns the number of entries of one partition in the pending hashes, in the waiting set and among the rejected ones.
 */
async function pendingOf(redis: Redis, prefix: string): Promise<number> {
  const hashes = await redis.keys(pendingKey(prefix, '*'));
  const entries = await Promise.all(hashes.map((hash) => redis.hlen(hash)));
  return sum(entries) + (await redis.zcard(waitingKey(prefix))) + (await redis.hlen(rejectedKey(prefix)));
}

const jobsIn = (queues: Queues): Promise<number> =>
  inEach(queues, (partition) =>
    withQueueAt(queues.redisUrlOf(partition), partitionPrefix(queues.queueId, partition), (queue) =>
      queue.getJobCountByTypes('wait', 'active', 'delayed', 'prioritized', 'failed'),
    ),
  );

export async function scaleOutLeftovers({ stored, ...queues }: Store, shown: readonly Shown[]): Promise<Leftovers> {
  const left = async () => [...(await ofNobody(stored)), ...(await halfDone(stored))];
  const isClean = async () => (await left()).length === 0;
  await eventually(isClean, 'the end of erased data', erasedWithinMs).catch(() => {});
  return {
    pending: await pendingIn(queues),
    jobs: await jobsIn(queues),
    resurrected: await left(),
    different: await differences(stored, shown),
  };
}

/** Returns ids of entries and tokens whose account does not exist. */
async function ofNobody({ users, store, tokens }: Database): Promise<string[]> {
  const live = new Set((await users.find().toArray()).map(({ user_id }) => user_id));
  const ids = [...(await store.find().toArray()), ...(await tokens.find().toArray())].map(({ _id }) => _id);
  return ids.filter((id) => !live.has(ownerIn(id)));
}

/** Returns files whose account does not exist, uploads, and chunks that belong to no file. */
async function halfDone({ users, files, chunks }: Database): Promise<string[]> {
  const live = new Set((await users.find().toArray()).map(({ user_id }) => user_id));
  const documents = await files.find().toArray();
  const left = documents.filter(({ metadata }) => metadata.state === 'uploading' || !live.has(metadata.user_id));
  const ids = new Set(
    documents.flatMap(({ _id, metadata }) => (metadata.state === 'stored' ? [_id.toHexString()] : [])),
  );
  const stray = await chunks.find({}, { projection: { files_id: 1 } }).toArray();
  return [
    ...left.map(({ _id, metadata }) => `file ${_id.toHexString()}, ${metadata.state}`),
    ...stray.filter(({ files_id }) => !ids.has(files_id.toHexString())).map(({ _id }) => `chunk ${_id}`),
  ];
}

/** An id is `<user id>/<key or client>`. */
const ownerIn = (id: string) => id.slice(0, id.indexOf('/'));
const keyIn = (id: string) => id.slice(id.indexOf('/') + 1);

async function differences({ users, store, files }: Database, shown: readonly Shown[]): Promise<string[]> {
  const found = shown.map(async ({ username, values, posts, files: shownFiles }) => {
    const postEntries = [...posts].map(([id, content]) => [postKey(id), content] as const);
    const user = await users.findOne({ username });
    const documents = await store.find({ _id: { $regex: `^${user?.user_id}/` } }).toArray();
    const stored = documents.flatMap(
      // A document without a value is a tombstone
      ({ _id, value }): [string, unknown][] => (value === undefined ? [] : [[keyIn(_id), JSON.parse(value)]]),
    );
    const ownFiles = { 'metadata.user_id': user?.user_id ?? '', 'metadata.state': 'stored' } as const;
    const storedFiles = (await files.find(ownFiles).toArray()).map(({ _id, metadata }): [string, unknown] => {
      return [_id.toHexString(), metadata.sha256];
    });
    return differ(username, new Map([...stored, ...storedFiles]), new Map([...values, ...postEntries, ...shownFiles]));
  });
  return (await Promise.all(found)).flat();
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
