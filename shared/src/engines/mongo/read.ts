import { KeybinError, invalidToken, unavailable } from '../../errors.js';
import { Turn } from '../../turn.js';
import type { Bearer } from './bearer.js';
import { lifeKey, partitionPrefix, pendingKey, tokensKey } from './keys.js';
import { parsePendingEntry, type PendingEntry } from './pending-entry.js';
import type { RedisConnection } from './redis-connection.js';
import { loadScript, runScript, type Script } from './scripts.js';

/** `unknown`: Redis has no record of the token, so nothing was read. `none`: the token is live, nothing is pending. */
export type PendingAnswer = PendingEntry | 'none' | 'unknown';

/** Keys of an account's pending entries. */
export interface PendingKeys {
  readonly put: readonly string[];
  readonly deleted: readonly string[];
}

interface Ask {
  readonly bearer: Bearer;
  readonly key: string;
  readonly verified: boolean;
}

const maxReadsInOneCall = 500;
const maxAnswerBytes = 4 * 1024 * 1024;

/**
 * Reads the pending entries of one partition. All reads of one turn of the event loop go in one script call, which is sent
 * when the turn ends: no request joins a read that was sent before it arrived.
 */
export class PendingReads {
  readonly #prefix: string;
  readonly #turn: Turn<Ask, string | null>;

  constructor(
    partition: number,
    private readonly connection: RedisConnection,
    private readonly readScript: Script = loadScript('read'),
    private readonly keysScript: Script = loadScript('keys'),
  ) {
    this.#prefix = partitionPrefix(partition);
    this.#turn = new Turn((asked) => this.#readAll(asked));
  }

  /** `verified`: the token needs no check. Throws `invalid_token` or `unavailable`. */
  async read(bearer: Bearer, key: string, verified: boolean): Promise<PendingAnswer> {
    for (;;) {
      const answer = await this.#turn.ask({ bearer, key, verified });
      if (answer === null) return 'none';
      if (answer === 'unknown') return answer;
      if (answer === 'refused') throw invalidToken();
      if (answer !== 'again') return parsePendingEntry(answer);
    }
  }

  /** `verified` as in `read`. Throws `invalid_token` or `unavailable`. */
  async keys({ userId, client, tokenHash }: Bearer, verified: boolean): Promise<PendingKeys | 'unknown'> {
    const answer = await this.#run(
      this.keysScript,
      [pendingKey(this.#prefix, userId), tokensKey(this.#prefix, userId), lifeKey(this.#prefix)],
      [client, verified ? '' : tokenHash],
    );
    if (answer === 'refused') throw invalidToken();
    if (answer === 'unknown') return answer;
    const [put, deleted] = answer as [string[], string[]]; // as keys.lua says
    return { put, deleted };
  }

  async #readAll(asked: readonly Ask[]): Promise<readonly (string | null)[]> {
    if (asked.length <= maxReadsInOneCall) return this.#readSome(asked);
    const calls = [];
    for (let at = 0; at < asked.length; at += maxReadsInOneCall) {
      calls.push(this.#readSome(asked.slice(at, at + maxReadsInOneCall)));
    }
    return (await Promise.all(calls)).flat();
  }

  async #readSome(asked: readonly Ask[]): Promise<readonly (string | null)[]> {
    const positions = new Map<string, number>();
    const args: (string | number)[] = [maxAnswerBytes];
    for (const { bearer, key, verified } of asked) {
      let position = positions.get(bearer.userId);
      if (position === undefined) positions.set(bearer.userId, (position = positions.size + 1));
      args.push(position, bearer.client, verified ? '' : bearer.tokenHash, key);
    }
    const ofAccounts = [...positions.keys()].flatMap((userId) => [
      pendingKey(this.#prefix, userId),
      tokensKey(this.#prefix, userId),
    ]);
    return (await this.#run(this.readScript, [lifeKey(this.#prefix), ...ofAccounts], args)) as (string | null)[]; // as read.lua says
  }

  async #run(script: Script, keys: string[], args: (string | number)[]): Promise<unknown> {
    try {
      return await runScript(this.connection.client, script, keys, args);
    } catch (error) {
      throw error instanceof KeybinError ? error : unavailable(error);
    }
  }
}
