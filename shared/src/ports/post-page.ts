import type { Post, PostPage } from './engine.js';

/** Most content of a page, in characters of JSON text. A page above this ends before its limit. */
const maxPageLength = 4 * 1024 * 1024;

/** Builder of a page of posts. */
export class PostPageBuilder implements PostPage {
  readonly posts: Post[] = [];
  more = false;
  #length = 0;

  constructor(private readonly limit: number) {}

  /** Adds the next post and returns true if there is room. Otherwise sets `more` and returns false. */
  add(post: Post): boolean {
    this.#length += post.json.length;
    this.more = this.posts.length === this.limit || (this.posts.length > 0 && this.#length > maxPageLength);
    if (!this.more) this.posts.push(post);
    return !this.more;
  }
}
