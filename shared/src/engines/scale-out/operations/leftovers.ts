import { Queue, type JobType } from 'bullmq';
import type { Redis } from 'ioredis';
import { keyIn, userIdIn } from '../../../ids/entry-name.js';
import { erasedName } from '../../../ids/erased-name.js';
import type { Leftovers } from '../../../ports/operations.js';
import { keysOfName } from '../../../rate-counters/counter-key.js';
import type { Database } from '../mongodb/database.js';
import {
  countersPrefix,
  pendingKey,
  queueName,
  rejectedKey,
  tokenIndexKey,
  tokensKey,
  waitingKey,
  postKey,
  keysLike,
} from '../redis/keys.js';
import type { EntriesJobData } from '../queue/partition-queue.js';
import { prefixFor, redisOf, type PartitionedRedis } from '../redis/partitioned-redis.js';
import { orUnavailable } from '../../../errors.js';

const usersPerLook = 1_000;
const jobsPerPage = 500;
const documentsPerBatch = 5_000;

const jobStates: JobType[] = ['wait', 'prioritized', 'active', 'delayed', 'failed', 'completed'];

export interface LeftoverParts {
  readonly database: Database;
  readonly redis: PartitionedRedis;
}

/** Number of things of one account that were found in one place. */
type Finding = readonly [place: string, userId: string, count: number];

/**
 * Counts what MongoDB, Redis and the queue still hold of erased accounts with this name. Reads all data, in small
 * steps.
 */
export async function leftoversIn(parts: LeftoverParts, username: string): Promise<Leftovers> {
  const { users, erasures, codes } = parts.database;
  const records = await orUnavailable(erasures.find({}, { projection: { name_hash: 1 } }).toArray());
  const remembered = new Map(records.map(({ _id, name_hash }) => [_id, name_hash]));
  const name = erasedName(username);
  const left: Record<string, number> = {};
  for (const place of places) left[place] = 0;

  const add = async (findings: readonly Finding[]) => {
    const ids = [...new Set(findings.map(([, userId]) => userId))];
    const found = users.find({ user_id: { $in: ids } }, { projection: { user_id: 1 } });
    const there = new Set((await orUnavailable(found.toArray())).map(({ user_id }) => user_id));
    for (const [place, userId, count] of findings) {
      const knownName = remembered.get(userId);
      const isIts = knownName === undefined ? !there.has(userId) : knownName === name;
      if (isIts) left[place] = (left[place] ?? 0) + count;
    }
  };
  let findings: Finding[] = [];
  for await (const finding of findingsIn(parts)) {
    findings.push(finding);
    if (findings.length === usersPerLook) await add(findings.splice(0));
  }
  await add(findings);

  const its = records.filter(({ name_hash }) => name_hash === name).map(({ _id }) => _id);
  left['accounts'] = await orUnavailable(users.countDocuments({ user_id: { $in: its } }));
  const registered = (await orUnavailable(users.findOne({ username, user_id: { $nin: its } }))) !== null;
  left['identifyCodes'] = registered ? 0 : await orUnavailable(codes.countDocuments({ _id: username }));
  left['rateLimitKeys'] = registered ? 0 : await countersOf(username, parts.redis);
  return { registered, erased: its.length, left };
}

async function countersOf(username: string, redis: PartitionedRedis): Promise<number> {
  const exists = (counter: string) => {
    const prefix = countersPrefix(prefixFor(redis, counter));
    return redisOf(redis, counter).client.exists(`${prefix}:${counter}`); // 1 or 0
  };
  const found = await Promise.all(keysOfName(username).map(exists));
  return found.reduce((sum, each) => sum + each, 0);
}

const places = [
  'accounts',
  'entries',
  'posts',
  'files',
  'fileChunks',
  'tokens',
  'pending',
  'rejected',
  'tokenRecords',
  'jobs',
  'identifyCodes',
  'rateLimitKeys',
] as const;

async function* findingsIn({ database, redis: all }: LeftoverParts): AsyncGenerator<Finding> {
  yield* documentsIn(database);
  for (let partition = 0; partition < all.partitions; partition++) {
    const prefix = all.prefixOf(partition);
    const redis = all.connectionOf(partition).client;
    for await (const key of keysLike(redis, pendingKey(prefix, '*'))) {
      yield ['pending', lastPart(key), await redis.hlen(key)];
    }
    for await (const key of keysLike(redis, tokensKey(prefix, '*'))) yield ['tokenRecords', lastPart(key), 1];
    for await (const member of everyOther(redis.zscanStream(waitingKey(prefix))))
      yield ['pending', userIdIn(member), 1];
    for await (const member of everyOther(redis.hscanStream(rejectedKey(prefix))))
      yield ['rejected', userIdIn(member), 1];
    yield* jobsIn(redis, prefix);
    for await (const key of keysLike(redis, tokenIndexKey(prefix, '*'))) {
      const text = await redis.get(key);
      if (text !== null) yield ['tokenRecords', (JSON.parse(text) as [string])[0], 1]; // written by `TokenIndex`
    }
  }
}

/** Counts documents by account, ordered by their ids, which begin with the account's id. */
async function* documentsIn({ store, tokens, chunks, files }: Database): AsyncGenerator<Finding> {
  const ids = { projection: { _id: 1 as const }, sort: { _id: 1 as const }, batchSize: documentsPerBatch };
  yield* counted(store.find({}, ids), (id) => (isPost(id) ? 'posts' : 'entries'));
  yield* counted(tokens.find({}, ids), () => 'tokens');
  yield* counted(chunks.find({}, ids), () => 'fileChunks');
  for await (const { metadata } of files.find({}, { projection: { metadata: 1 } })) {
    yield ['files', metadata.user_id, 1];
  }
}

async function* counted(
  documents: AsyncIterable<{ readonly _id: string }>,
  placeOf: (id: string) => string,
): AsyncGenerator<Finding> {
  let last: [place: string, userId: string, count: number] | undefined;
  for await (const { _id } of documents) {
    const [place, userId] = [placeOf(_id), userIdIn(_id)];
    if (last?.[0] === place && last[1] === userId) {
      last[2] += 1;
      continue;
    }
    if (last) yield last;
    last = [place, userId, 1];
  }
  if (last) yield last;
}

/** Yields the accounts that jobs name. Erase jobs are no leftovers, because they remove leftovers. */
async function* jobsIn(redis: Redis, prefix: string): AsyncGenerator<Finding> {
  const queue = new Queue<EntriesJobData>(queueName, { connection: redis, prefix, skipMetasUpdate: true });
  try {
    for (let start = 0; ; start += jobsPerPage) {
      const jobs = await queue.getJobs(jobStates, start, start + jobsPerPage - 1);
      for (const job of jobs) {
        if (job && job.name !== 'erase') for (const userId of accountsIn(job.data)) yield ['jobs', userId, 1];
      }
      if (jobs.length === 0) return;
    }
  } finally {
    await queue.close();
  }
}

const accountsIn = (data: EntriesJobData): string[] =>
  'entries' in data ? data.entries.map(([userId]) => userId) : [data.userId];

/** Yields the fields of a hash or the members of a sorted set, without their values or scores. */
async function* everyOther(stream: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const found of stream) {
    const texts = found as string[]; // the answer of HSCAN and ZSCAN
    for (let at = 0; at < texts.length; at += 2) yield texts[at] ?? '';
  }
}

const isPost = (id: string) => keyIn(id).startsWith(postKey(''));
const lastPart = (key: string) => key.slice(key.lastIndexOf(':') + 1);
