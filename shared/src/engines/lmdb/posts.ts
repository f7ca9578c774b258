import { forbidden, KeybinError, postNotFound } from '../../errors.js';
import { PostPageBuilder } from '../../post-page.js';
import { afterAllPosts, isPostId, isPostIdOf, newPostId } from '../../post-id.js';
import type { PageOfPosts, PostPage, Posts } from '../../ports.js';
import { findBearerIn } from './bearers.js';
import type { Databases } from './environment.js';
import type { Reads } from './reads.js';
import { hashOf, type Bearer } from './records.js';
import type { Writes } from './writes.js';

/**
 * Posts in LMDB, in the order of their ids, which begin with the version of their write. The token is looked at in the same
 * snapshot or transaction, as for entries.
 */
export function lmdbPosts(databases: Databases, reads: Reads, writes: Writes): Posts {
  const { posts } = databases;
  const findBearer = findBearerIn(databases);

  /** The name of the post's record, or why there can be none. */
  function find(tokenHash: string, id: string, nowMs: number): string | KeybinError {
    const bearer = findBearer(tokenHash, nowMs);
    if (bearer instanceof KeybinError) return bearer;
    if (!isPostId(id)) return postNotFound(id);
    return isPostIdOf(id, bearer.userId) ? `${bearer.number}/${id}` : forbidden();
  }

  return {
    create(token, json) {
      const tokenHash = hashOf(token);
      return writes.apply(({ nowMs, version }) => {
        const bearer = findBearer(tokenHash, nowMs);
        if (bearer instanceof KeybinError) return bearer;
        const id = newPostId(Number(version()), bearer.userId);
        void posts.put(`${bearer.number}/${id}`, json);
        return id;
      });
    },

    get(token, id) {
      const tokenHash = hashOf(token);
      return reads.ask(() => {
        const name = find(tokenHash, id, Date.now());
        if (name instanceof KeybinError) return name;
        const json = posts.get(name);
        return json === undefined ? postNotFound(id) : { id, json };
      });
    },

    list(token, page) {
      const tokenHash = hashOf(token);
      return reads.ask(() => {
        const bearer = findBearer(tokenHash, Date.now());
        return bearer instanceof KeybinError ? bearer : pageOf(databases, bearer, page);
      });
    },

    delete(token, id) {
      const tokenHash = hashOf(token);
      return writes.apply(({ nowMs }) => {
        const name = find(tokenHash, id, nowMs);
        if (name instanceof KeybinError) return name;
        if (!posts.doesExist(name)) return postNotFound(id);
        void posts.remove(name);
        return undefined;
      });
    },
  };
}

function pageOf({ posts }: Databases, { number }: Bearer, { limit, after = afterAllPosts }: PageOfPosts): PostPage {
  const page = new PostPageBuilder(limit);
  const range = { start: `${number}/${after}`, exclusiveStart: true, end: `${number}/`, reverse: true };
  for (const { key, value } of posts.getRange(range)) {
    if (!page.add({ id: key.slice(number.length + 1), json: value })) break;
  }
  return page;
}
