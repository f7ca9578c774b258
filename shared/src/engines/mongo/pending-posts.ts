import type { Post } from '../../ports.js';
import { Turn } from '../../turn.js';
import type { Bearer } from './bearer.js';
import { clockKey, partitionPrefix } from './keys.js';
import { orUnavailable } from './outages.js';
import { parsePendingEntry } from './pending-entry.js';
import { postIdOf, postKey } from './post-key.js';
import { maxAnswerBytes, readChecked } from './read.js';
import type { RedisConnection } from './redis-connection.js';
import { loadScript, runScript } from './scripts.js';

const postsScript = loadScript('posts');
const versionScript = loadScript('version-to-come');

/** Posts that MongoDB may not have yet, newest first. */
export interface PendingPage {
  readonly posts: readonly Post[];
  /** Posts that MongoDB may still have. */
  readonly deletedIds: ReadonlySet<string>;
  /** There are pending ones that are older than the last of `posts`. */
  readonly cut: boolean;
}

/** Reads what is pending of posts in one partition. */
export class PendingPosts {
  readonly #prefix: string;
  readonly #versionToCome: Turn<void, number>;

  constructor(
    partition: number,
    private readonly connection: Pick<RedisConnection, 'client'>,
  ) {
    this.#prefix = partitionPrefix(partition);
    this.#versionToCome = new Turn(async (asked) => {
      const answer = runScript(connection.client, versionScript, [clockKey(this.#prefix)], []);
      const version = Number(await orUnavailable(answer));
      return asked.map(() => version);
    });
  }

  /** The version of a write that would be accepted now: above those of all that were. Throws `unavailable`. */
  versionToCome(): Promise<number> {
    return this.#versionToCome.ask();
  }

  /**
   * The newest `limit` posts that are older than `after`. `unknown`: Redis has no record of the token. `verified`: the token
   * needs no check. Throws `invalid_token` or `unavailable`.
   */
  async list(
    bearer: Bearer,
    { after, limit }: { readonly after: string; readonly limit: number },
    verified: boolean,
  ): Promise<PendingPage | 'unknown'> {
    const args = [postKey(after), limit, maxAnswerBytes];
    const answer = await readChecked(this.connection, postsScript, { bearer, verified, prefix: this.#prefix, args });
    if (answer === 'unknown') return answer;
    const [listed, deleted, cut] = answer as [string[], string[], number]; // as posts.lua says
    const posts: Post[] = [];
    for (let at = 0; at < listed.length; at += 2) {
      const { json } = parsePendingEntry(listed[at + 1] ?? '');
      if (json !== undefined) posts.push({ id: postIdOf(listed[at] ?? ''), userId: bearer.userId, json });
    }
    return { posts, deletedIds: new Set(deleted.map(postIdOf)), cut: cut === 1 };
  }
}
