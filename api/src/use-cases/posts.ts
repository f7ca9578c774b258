import { withDeadline } from '@keybin/shared/deadline.js';
import type { Engine, PageRequest, Post, PostPage } from '@keybin/shared/ports/engine.js';
import type { TimeBudget } from '@keybin/shared/time-budget.js';
import type { AuthorNames } from '../accounts/author-names.js';

export interface PostParts {
  readonly engine: Pick<Engine, 'posts'>;
  readonly names: AuthorNames;
  readonly times: Pick<TimeBudget, 'answerMs'>;
}

/** Returns a post with its author's name. Throws `invalid_token`, `post_not_found`, `forbidden`. */
export function readPost(
  { engine, names, times }: PostParts,
  token: string,
  id: string,
): Promise<{ post: Post; author: string }> {
  const read = async () => {
    const post = await engine.posts.get(token, id);
    return { post, author: await names.nameOf(post.userId) };
  };
  return withDeadline(read(), times.answerMs, 'reading a post');
}

/** Returns a page of the posts of the token's account, with the account's name. Throws `invalid_token`. */
export function listPosts(
  { engine, names, times }: PostParts,
  token: string,
  page: PageRequest,
): Promise<PostPage & { author: string }> {
  const list = async () => {
    const { posts, more } = await engine.posts.list(token, page);
    const [newest] = posts;
    return { posts, more, author: newest ? await names.nameOf(newest.userId) : '' };
  };
  return withDeadline(list(), times.answerMs, 'listing posts');
}
