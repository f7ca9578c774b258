import { KeybinError, invalidToken, unavailable } from '../../errors.js';
import type { Post } from '../../ports.js';
import { Turn } from '../../turn.js';
import type { Bearer } from './bearer.js';
import { clockKey, lifeKey, partitionPrefix, pendingKey, tokensKey } from './keys.js';
import { parsePendingEntry } from './pending-entry.js';
import { postIdOf, postKey } from './post-key.js';
import type { RedisConnection } from './redis-connection.js';
import { loadScript, runScript, type Script } from './scripts.js';

const maxAnswerBytes = 4 * 1024 * 1024;

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
    private readonly connection: RedisConnection,
    private readonly postsScript: Script = loadScript('posts'),
    private readonly versionScript: Script = loadScript('version-to-come'),
  ) {
    this.#prefix = partitionPrefix(partition);
    this.#versionToCome = new Turn(async (asked) => {
      const version = Number(await this.#run(this.versionScript, [clockKey(this.#prefix)], []));
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
    { userId, client, tokenHash }: Bearer,
    { after, limit }: { readonly after: string; readonly limit: number },
    verified: boolean,
  ): Promise<PendingPage | 'unknown'> {
    const answer = await this.#run(
      this.postsScript,
      [pendingKey(this.#prefix, userId), tokensKey(this.#prefix, userId), lifeKey(this.#prefix)],
      [client, verified ? '' : tokenHash, postKey(after), limit, maxAnswerBytes],
    );
    if (answer === 'refused') throw invalidToken();
    if (answer === 'unknown') return answer;
    const [listed, deleted, cut] = answer as [string[], string[], number]; // as posts.lua says
    const posts: Post[] = [];
    for (let at = 0; at < listed.length; at += 2) {
      const { json } = parsePendingEntry(listed[at + 1] ?? '');
      if (json !== undefined) posts.push({ id: postIdOf(listed[at] ?? ''), userId, json });
    }
    return { posts, deletedIds: new Set(deleted.map(postIdOf)), cut: cut === 1 };
  }

  async #run(script: Script, keys: string[], args: (string | number)[]): Promise<unknown> {
    try {
      return await runScript(this.connection.client, script, keys, args);
    } catch (error) {
      throw error instanceof KeybinError ? error : unavailable(error);
    }
  }
}
