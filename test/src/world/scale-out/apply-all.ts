import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { bytesKey, partitionPrefix, pendingKey, waitingKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { parsePendingEntry } from '@keybin/shared/engines/scale-out/redis/pending-entry.js';
import { queueIdIn } from '../services/queue-prefix.js';
import type { StoreDocument } from '@keybin/shared/engines/scale-out/mongodb/documents.js';

/** Applies and settles all pending entries, as a worker would while nobody writes. */
export async function applyAll(
  { redisUrl, mongoUrl, database }: { redisUrl: string; mongoUrl: string; database: string },
  partitions: number,
): Promise<void> {
  const queueId = await queueIdIn(redisUrl);
  const redis = new Redis(redisUrl);
  const mongo = new MongoClient(mongoUrl);
  try {
    const store = mongo.db(database).collection<StoreDocument>('store');
    for (let partition = 0; partition < partitions; partition++) {
      const prefix = partitionPrefix(queueId, partition);
      for (const member of await redis.zrange(waitingKey(prefix), '0', '-1')) {
        const [userId = '', key = ''] = member.split('/');
        const { json, ...stamp } = parsePendingEntry((await redis.hget(pendingKey(prefix, userId), key)) ?? '');
        const document = json === undefined ? { ...stamp, deleted_at: new Date() } : { ...stamp, value: json };
        await store.replaceOne({ _id: member }, document, { upsert: true });
        await redis.hdel(pendingKey(prefix, userId), key);
        await redis.zrem(waitingKey(prefix), member);
      }
      await redis.del(bytesKey(prefix));
    }
  } finally {
    redis.disconnect();
    await mongo.close();
  }
}
