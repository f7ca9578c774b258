import type { Post, PostPage } from './engine.js';

/** Content of a page, in characters of JSON text, after which it ends before its limit. */
const maxPageLength = 4 * 1024 * 1024;

/** Gathers a page of posts. */
export class PostPageBuilder implements PostPage {
  readonly posts: Post[] = [];
  more = false;
  #length = 0;

  constructor(private readonly limit: number) {}

  /** Whether there was room for the next post; if there was none the page is full, and says that there is more. */
  add(post: Post): boolean {
    this.#length += post.json.length;
    this.more = this.posts.length === this.limit || (this.posts.length > 0 && this.#length > maxPageLength);
    if (!this.more) this.posts.push(post);
    return !this.more;
  }
}
