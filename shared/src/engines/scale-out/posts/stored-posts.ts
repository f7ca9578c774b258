import type { Collection } from 'mongodb';
import { remainingMs, withDeadline } from '../../../deadline.js';
import { entryId, keyIn } from '../../../ids/entry-name.js';
import type { Post } from '../../../ports/engine.js';
import type { StoreDocument } from '../mongodb/documents.js';
import { postIdOf, postKey } from '../redis/keys.js';
import { orUnavailable } from '../../../errors.js';

/** Reads posts from MongoDB, newest first. */
export class StoredPosts {
  constructor(private readonly store: Collection<StoreDocument>) {}

  /**
   * Lists the posts of an account that are older than `after`, and finds `pageSize` of them at a time. Throws
   * `unavailable` for posts that have not come by `deadlineMs`, in `performance.now()`'s time.
   */
  async *before(
    userId: string,
    { after, pageSize }: { readonly after: string; readonly pageSize: number },
    deadlineMs: number,
  ): AsyncGenerator<Post, void, undefined> {
    const first = entryId(userId, postKey(''));
    for (let end = entryId(userId, postKey(after)), found = pageSize; found === pageSize;) {
      found = 0;
      const cursor = this.store
        .find({ _id: { $gt: first, $lt: end }, deleted_at: { $exists: false } }, { projection: { value: 1 } })
        .sort({ _id: -1 })
        .limit(pageSize)
        .batchSize(pageSize + 1); // one answer, if its size allows
      try {
        while (
          await orUnavailable(withDeadline(cursor.hasNext(), remainingMs(deadlineMs), 'listing posts in MongoDB'))
        ) {
          for (const { _id, value = '' } of cursor.readBufferedDocuments()) {
            found += 1;
            end = _id;
            yield { id: postIdOf(keyIn(_id)), userId, json: value };
          }
        }
      } finally {
        void cursor.close().catch(() => {}); // a cursor that is not closed here ends by itself
      }
    }
  }
}
