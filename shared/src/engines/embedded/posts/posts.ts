import { forbidden, KeybinError, postNotFound } from '../../../errors.js';
import { PostPageBuilder } from '../../../ports/post-page.js';
import { afterAllPosts, isPostId, isPostIdOf, newPostId } from '../../../ids/post-id.js';
import type { PageRequest, PostPage, Posts } from '../../../ports/engine.js';
import { findBearerIn } from '../tokens/bearers.js';
import type { Databases } from '../lmdb/databases.js';
import type { Reads } from '../transactions/reads.js';
import { hashToken, nameIn, rangeBefore, recordKey, type Bearer } from '../lmdb/records.js';
import type { EmbeddedGroupCommit } from '../transactions/group-commit.js';

/**
 * Keeps posts in LMDB, in the order of their ids. An id begins with the version of its write. The token is checked in
 * the same snapshot or transaction, as for entries.
 */
export function embeddedPosts(databases: Databases, reads: Reads, writes: EmbeddedGroupCommit): Posts {
  const { posts } = databases;
  const findBearer = findBearerIn(databases);

  /** Returns the bearer whose post this may be, or the error if it can be no post of the token's account. */
  function findAuthor(tokenHash: string, id: string, nowMs: number): Bearer | KeybinError {
    const bearer = findBearer(tokenHash, nowMs);
    if (bearer instanceof KeybinError) return bearer;
    if (!isPostId(id)) return postNotFound(id);
    return isPostIdOf(id, bearer.userId) ? bearer : forbidden();
  }

  return {
    create(token, json) {
      const tokenHash = hashToken(token);
      return writes.put(({ nowMs, version, count }) => {
        const bearer = findBearer(tokenHash, nowMs);
        if (bearer instanceof KeybinError) return bearer;
        count();
        const id = newPostId(Number(version()), bearer.userId);
        void posts.put(recordKey(bearer.number, id), json);
        return id;
      });
    },

    get(token, id) {
      const tokenHash = hashToken(token);
      return reads.ask(() => {
        const author = findAuthor(tokenHash, id, Date.now());
        if (author instanceof KeybinError) return author;
        const json = posts.get(recordKey(author.number, id));
        if (json === undefined) return postNotFound(id);
        reads.count(json);
        return { id, userId: author.userId, json };
      });
    },

    list(token, page) {
      const tokenHash = hashToken(token);
      return reads.askLong(() => {
        const bearer = findBearer(tokenHash, Date.now());
        return bearer instanceof KeybinError ? bearer : pageOf(databases, bearer, page);
      });
    },

    delete(token, id) {
      const tokenHash = hashToken(token);
      return writes.apply(({ nowMs, count }) => {
        const author = findAuthor(tokenHash, id, nowMs);
        if (author instanceof KeybinError) return author;
        if (!posts.doesExist(recordKey(author.number, id))) return postNotFound(id);
        count();
        void posts.remove(recordKey(author.number, id));
        return undefined;
      });
    },
  };
}

function pageOf({ posts }: Databases, author: Bearer, { limit, after = afterAllPosts }: PageRequest): PostPage {
  const { userId, number } = author;
  const page = new PostPageBuilder(limit);
  for (const { key, value } of posts.getRange(rangeBefore(number, after))) {
    if (!page.add({ id: nameIn(key), userId, json: value })) break;
  }
  return page;
}
