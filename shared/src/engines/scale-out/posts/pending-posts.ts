import type { Post } from '../../../ports/engine.js';
import { TurnBatch } from '../../../batching/turn-batch.js';
import type { Bearer } from '../tokens/bearer.js';
import { clockKey, postIdOf, postKey } from '../redis/keys.js';
import { parsePendingEntry } from '../redis/pending-entry.js';
import { maxAnswerBytes, readChecked } from '../entries/pending-reads.js';
import type { RedisConnection } from '../redis/redis-connection.js';
import { loadScript, runScript } from '../redis/scripts.js';
import { orUnavailable } from '../../../errors.js';

const postsScript = loadScript('entries/list-posts');
const versionScript = loadScript('entries/next-version');

/** Posts that MongoDB may not have yet, newest first. */
export interface PendingPage {
  readonly posts: readonly Post[];
  /** Ids of posts whose delete is pending. MongoDB may still have them. */
  readonly deletedIds: ReadonlySet<string>;
  /** True if older pending posts were left out. */
  readonly cut: boolean;
}

/** Reads the pending posts of one partition. */
export class PendingPosts {
  readonly #prefix: string;
  readonly #versionToCome: TurnBatch<void, number>;

  constructor(
    partition: number,
    private readonly connection: Pick<RedisConnection, 'client' | 'prefixOf'>,
  ) {
    this.#prefix = connection.prefixOf(partition);
    this.#versionToCome = new TurnBatch(async (asked) => {
      const answer = runScript(connection.client, versionScript, [clockKey(this.#prefix)], []);
      const version = Number(await orUnavailable(answer));
      return asked.map(() => version);
    });
  }

  /** Resolves with the version that a write accepted now would get, above all versions before. Throws `unavailable`. */
  versionToCome(): Promise<number> {
    return this.#versionToCome.ask();
  }

  /**
   * Lists the newest `limit` pending posts that are older than `after`. Resolves with `unknown` if Redis has no record
   * of the token. `verified`: the token needs no check. Throws `invalid_token` or `unavailable`.
   */
  async list(
    bearer: Bearer,
    { after, limit }: { readonly after: string; readonly limit: number },
    verified: boolean,
  ): Promise<PendingPage | 'unknown'> {
    const args = [postKey(after), limit, maxAnswerBytes];
    const answer = await readChecked(this.connection, postsScript, { bearer, verified, prefix: this.#prefix, args });
    if (answer === 'unknown') return answer;
    const [listed, deleted, cut] = answer as [string[], string[], number]; // as list-posts.lua says
    const posts: Post[] = [];
    for (let at = 0; at < listed.length; at += 2) {
      const { json } = parsePendingEntry(listed[at + 1] ?? '');
      if (json !== undefined) posts.push({ id: postIdOf(listed[at] ?? ''), userId: bearer.userId, json });
    }
    return { posts, deletedIds: new Set(deleted.map(postIdOf)), cut: cut === 1 };
  }
}
