import { TurnBatch } from '../../../batching/turn-batch.js';
import type { Bearer } from '../tokens/bearer.js';
import { clockKey, postIdOf, postKey } from '../redis/keys.js';
import { maxAnswerBytes, readChecked, readEntry, type ReadEntry } from '../entries/pending-reads.js';
import type { RedisConnection } from '../redis/redis-connection.js';
import { loadScript, runScript } from '../redis/scripts.js';
import { orUnavailable } from '../../../errors.js';

const postsScript = loadScript('entries/list-posts');
const versionScript = loadScript('entries/next-version');

/** Pending posts and deletes of posts, newest first. */
export interface ListedPosts {
  readonly entries: readonly (ReadEntry & { readonly id: string })[];
  /** True if older pending posts were left out, although there was room for them. */
  readonly cut: boolean;
}

/** The newest `limit` posts that are older than `after`. */
export interface PostRange {
  readonly after: string;
  readonly limit: number;
}

/** Reads the pending posts of one partition. */
export class PendingPosts {
  readonly #prefix: string;
  readonly #versionToCome: TurnBatch<void, number>;

  constructor(
    private readonly partition: number,
    private readonly connection: Pick<RedisConnection, 'client' | 'epochOf' | 'prefixOf'>,
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
   * Lists the newest `limit` pending posts that are older than `after`, and the deletes of posts between them. Resolves
   * with `unknown` if Redis has no record of the token. `verified`: the token needs no check. Throws `invalid_token` or
   * `unavailable`.
   */
  async list(bearer: Bearer, { after, limit }: PostRange, verified: boolean): Promise<ListedPosts | 'unknown'> {
    const args = [postKey(after), limit, maxAnswerBytes];
    const answer = await readChecked(this.connection, postsScript, { bearer, verified, prefix: this.#prefix, args });
    if (answer === 'unknown') return answer;
    const [listed, cut] = answer as [string[], number]; // as list-posts.lua says
    const epoch = this.connection.epochOf(this.partition);
    const entries = [];
    for (let at = 0; at < listed.length; at += 2) {
      entries.push({ id: postIdOf(listed[at] ?? ''), ...readEntry(listed[at + 1] ?? '', epoch) });
    }
    return { entries, cut: cut === 1 };
  }
}
