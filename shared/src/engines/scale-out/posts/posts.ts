import { remainingMs, withDeadline } from '../../../deadline.js';
import { forbidden, hasCode, postNotFound } from '../../../errors.js';
import { PostPageBuilder } from '../../../ports/post-page.js';
import { afterAllPosts, isPostId, isPostIdOf, newPostId } from '../../../ids/post-id.js';
import type { ScaleOutEntries } from '../entries/entries.js';
import type { PageRequest, Post, PostPage, Posts } from '../../../ports/engine.js';
import type { TokenCheckedSteps, CommittingPartition } from '../entries/token-checked-steps.js';
import type { Bearer } from '../tokens/bearer.js';
import type { ListedPosts, PendingPosts, PostRange } from './pending-posts.js';
import { postKey } from '../redis/keys.js';
import type { StoredPosts } from './stored-posts.js';

/** Parts of one partition that posts need. */
export interface PostsPartition extends CommittingPartition {
  readonly posts: Pick<PendingPosts, 'list' | 'versionToCome'>;
}

/**
 * Posts of the scale-out engine: entries under keys of their own. So they are accepted, applied, settled and erased as
 * entries are. Their ids are in the order of versions. An id begins with the version that was next when the post was
 * begun, and accepting the post moves the version clock above it.
 */
export class ScaleOutPosts implements Posts {
  constructor(
    private readonly steps: TokenCheckedSteps<PostsPartition>,
    private readonly entries: Pick<ScaleOutEntries, 'get' | 'find' | 'delete'>,
    private readonly stored: Pick<StoredPosts, 'before'>,
  ) {}

  async create(token: string, json: string, request?: string): Promise<string> {
    const { bearer, deadlineMs } = await this.steps.begin(token);
    const { posts } = this.steps.partition(bearer);
    for (;;) {
      const version = await withDeadline(posts.versionToCome(), remainingMs(deadlineMs), 'reading the last version');
      const id = newPostId(version, bearer.userId);
      const answer = await this.steps.write(bearer, { key: postKey(id), change: `N${json}`, deadlineMs, request });
      if (answer !== 'taken') return id;
    }
  }

  async get(token: string, id: string): Promise<Post> {
    const userId = await this.#author(token, id);
    return { id, userId, json: await orPostNotFound(id, this.entries.get(token, postKey(id))) };
  }

  async list(token: string, { limit, after = afterAllPosts }: PageRequest): Promise<PostPage> {
    const { bearer, deadlineMs } = await this.steps.begin(token);
    const range = { after, limit: limit + 1 }; // one extra tells if there are more
    const pending = await this.#pending(bearer, range, deadlineMs);
    const stored = this.stored.before(bearer.userId, { after, pageSize: range.limit }, deadlineMs);
    return fillPage(new PostPageBuilder(limit), pending, stored);
  }

  /**
   * Lists the newest `limit` pending posts that are older than `after`, and the deletes between them. Leaves out posts
   * that MongoDB has deleted since. A pending delete always counts, because nothing brings a post back.
   */
  async #pending(bearer: Bearer, { after, limit }: PostRange, deadlineMs: number): Promise<PendingPage> {
    const posts: Post[] = [];
    const deletedIds = new Set<string>();
    for (let before = after; ;) {
      const range = { after: before, limit: limit - posts.length };
      const { entries, cut } = await this.steps.read(
        bearer,
        (partition, verified) => partition.posts.list(bearer, range, verified),
        deadlineMs,
      );
      const jsons = await Promise.all(
        entries.map(async ({ id, json, mayBeOld }) =>
          json !== undefined && mayBeOld ? this.entries.find(bearer, postKey(id), deadlineMs) : json,
        ),
      );
      let dropped = false;
      for (const [at, { id, json: listed }] of entries.entries()) {
        const json = jsons[at];
        if (json === undefined) deletedIds.add(id);
        else posts.push({ id, userId: bearer.userId, json });
        dropped ||= json === undefined && listed !== undefined;
      }
      const last = entries.at(-1);
      if (!dropped || !last || (cut && posts.length > 0)) return { posts, deletedIds, cut };
      before = last.id;
    }
  }

  async delete(token: string, id: string, request?: string): Promise<void> {
    await this.#author(token, id);
    await orPostNotFound(id, this.entries.delete(token, postKey(id), request));
  }

  /**
   * Resolves with the token's account if the id can be one of its posts. Otherwise throws `invalid_token` for a bad
   * token, or else `forbidden` or `post_not_found`.
   */
  async #author(token: string, id: string): Promise<string> {
    const { bearer, deadlineMs } = await this.steps.begin(token);
    if (isPostId(id) && isPostIdOf(id, bearer.userId)) return bearer.userId;
    await this.steps.verify(bearer, deadlineMs);
    throw isPostId(id) ? forbidden() : postNotFound(id);
  }
}

/** Posts that MongoDB may not have yet, newest first. */
interface PendingPage extends Pick<ListedPosts, 'cut'> {
  readonly posts: readonly Post[];
  /** Ids of posts whose delete is pending. MongoDB may still have them. */
  readonly deletedIds: ReadonlySet<string>;
}

/** Merges pending and stored posts, both newest first. */
async function fillPage(
  page: PostPageBuilder,
  { posts, deletedIds, cut }: PendingPage,
  stored: AsyncIterable<Post>,
): Promise<PostPage> {
  const pendingIds = new Set(posts.map(({ id }) => id));
  let next = 0;
  for await (const post of stored) {
    for (let newer = posts[next]; newer && newer.id > post.id; newer = posts[++next]) if (!page.add(newer)) return page;
    if (cut && next === posts.length) break;
    if (deletedIds.has(post.id) || pendingIds.has(post.id)) continue;
    if (!page.add(post)) return page;
  }
  for (const older of posts.slice(next)) if (!page.add(older)) return page;
  page.more ||= cut;
  return page;
}

async function orPostNotFound<T>(id: string, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw hasCode(error, 'key_not_found') ? postNotFound(id) : error;
  }
}
