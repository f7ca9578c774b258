import type { Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { idsUnder } from '@keybin/shared/engines/scale-out/mongodb/documents.js';
import { chunksOf } from '@keybin/shared/engines/scale-out/files/file-chunks.js';
import { partitionOf, tokenIndexKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import type { RedisConnection } from '@keybin/shared/engines/scale-out/redis/redis-connection.js';
import { forgetImports } from '@keybin/shared/engines/scale-out/accounts/account-numbers.js';
import { chunksAtOnce, deleteDocuments } from './delete-documents.js';
import type { PartitionedRedis } from '@keybin/shared/engines/scale-out/redis/partitioned-redis.js';

const documentsAtOnce = 1_000;

/**
 * Deletes everything that MongoDB has of an account, and the keys that Redis has for its tokens. May be repeated at any
 * time. It uses the user id alone, because the name may belong to another account by now. Entries and files go in small
 * batches, so that no command takes long.
 */
export async function eraseDocuments(
  {
    store,
    tokens,
    users,
    files,
    chunks,
    counters,
  }: Pick<Database, 'store' | 'tokens' | 'users' | 'files' | 'chunks' | 'counters'>,
  redis: PartitionedRedis<Pick<RedisConnection, 'client'>>,
  userId: string,
): Promise<void> {
  await users.deleteOne({ user_id: userId });
  await forgetImports(counters);
  await deleteDocuments(store, { _id: idsUnder(userId) }, documentsAtOnce);
  // First, because a running upload ends then
  await deleteDocuments(files, { 'metadata.user_id': userId }, documentsAtOnce);
  await deleteDocuments(chunks, chunksOf(userId), chunksAtOnce);
  const issued = await tokens.find({ user_id: userId }, { projection: { hash: 1 } }).toArray();
  const indexed = issued.map(async ({ hash }) => {
    const partition = partitionOf(hash, redis.partitions);
    await redis.connectionOf(partition).client.del(tokenIndexKey(redis.prefixOf(partition), hash));
  });
  await Promise.all(indexed);
  await tokens.deleteMany({ user_id: userId });
}
