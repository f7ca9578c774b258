import type { Post, Posts } from '@keybin/shared/ports/engine.js';

/** Returns all posts of an account, in pages of `limit`. Calls `between` before each further page. */
export async function allPages(
  posts: Posts,
  token: string,
  limit: number,
  between: () => Promise<void> = async () => {},
): Promise<Post[]> {
  const all: Post[] = [];
  for (;;) {
    const page = await posts.list(token, { limit, after: all.at(-1)?.id });
    all.push(...page.posts);
    if (!page.more) return all;
    await between();
  }
}
