import { expiredToken, invalidToken, orUnavailable, unavailable } from '../../../errors.js';
import { TurnBatch } from '../../../batching/turn-batch.js';
import type { Bearer } from '../tokens/bearer.js';
import { epochKey, pendingKey, rejectedKey, tokensKey, waitingKey } from '../redis/keys.js';
import { parsePendingEntry, parseStamp, type PendingEntry, type Stamp } from '../redis/pending-entry.js';
import type { RedisConnection } from '../redis/redis-connection.js';
import { loadScript, runScript, type Script } from '../redis/scripts.js';

/** Pending entry as it was read. */
export interface ReadEntry extends PendingEntry {
  /** True if it was accepted in an earlier epoch. If Redis came back with older data, MongoDB may have a newer one. */
  readonly mayBeOld: boolean;
}

/** Parses the text of a pending entry. `currentEpoch`: number of the partition's epoch. */
export function readEntry(text: string, currentEpoch: number): ReadEntry {
  const { epoch, version, json } = parsePendingEntry(text);
  return { epoch, version, json, mayBeOld: epoch < currentEpoch };
}

/**
 * Answer to a read. `unknown`: Redis has no record of the token, so nothing was read. `none`: the token is live, and
 * nothing is pending.
 */
export type PendingAnswer = ReadEntry | 'none' | 'unknown';

/** Pending entry without its value. */
export interface PendingHead extends Stamp {
  readonly key: string;
  readonly isDelete: boolean;
}

/** Position in the list of pending keys. It counts on one connection only: another server has another order. */
export interface PendingPosition {
  readonly cursor: string;
  readonly connection: number;
}

/** Some keys of an account's pending entries. */
export interface PendingKeys {
  /** Position of the keys that follow, if there may be any. */
  readonly next: PendingPosition | undefined;
  readonly put: readonly string[];
  readonly deleted: readonly string[];
  /** Entries that may be of an earlier epoch: MongoDB may have newer ones. */
  readonly old: readonly PendingHead[];
}

interface Ask {
  readonly bearer: Bearer;
  readonly key: string;
  readonly verified: boolean;
}

const readScript = loadScript('entries/read-with-token');
const keysScript = loadScript('entries/list-keys');
const headsScript = loadScript('entries/read-heads');

const maxReadsInOneCall = 500;
const keysInOneAnswer = 1_000;
/** Bytes of entries after which a script ends its answer, so that no call blocks Redis for long. */
export const maxAnswerBytes = 4 * 1024 * 1024;

/**
 * Reads the pending entries of one partition. All reads of one event-loop turn share one script call, which is sent
 * when the turn ends. So no request joins a read that was sent before it arrived.
 */
export class PendingReads {
  readonly #prefix: string;
  readonly #turn: TurnBatch<Ask, string | null>;

  constructor(
    private readonly partition: number,
    private readonly connection: Pick<RedisConnection, 'client' | 'connectionNumber' | 'epochOf' | 'prefixOf'>,
  ) {
    this.#prefix = connection.prefixOf(partition);
    this.#turn = new TurnBatch((asked) => this.#readAll(asked));
  }

  /**
   * Reads the pending entry of a key. `verified`: the token needs no check. Throws `invalid_token` or `unavailable`.
   */
  async read(bearer: Bearer, key: string, verified: boolean): Promise<PendingAnswer> {
    for (;;) {
      const answer = await this.#turn.ask({ bearer, key, verified });
      if (answer === null) return 'none';
      if (answer === 'unknown') return answer;
      expectNoRefusal(answer);
      if (answer === 'again') continue;
      return readEntry(answer, this.connection.epochOf(this.partition));
    }
  }

  /**
   * Lists some keys of the account's pending entries, from `next` of the answer before. A key may be listed twice. Then
   * the later state counts. `verified` as in `read`. Throws `invalid_token` or `unavailable`.
   */
  async keys(bearer: Bearer, verified: boolean, from?: PendingPosition): Promise<PendingKeys | 'unknown'> {
    const { connectionNumber: connection } = this.connection;
    const { cursor, connection: before } = from ?? { cursor: '0', connection };
    if (before !== connection) throw unavailable(new Error('Redis reconnected while keys were listed'));
    const moreKeys = [waitingKey(this.#prefix), rejectedKey(this.#prefix)];
    const args = [bearer.userId, cursor, keysInOneAnswer, maxAnswerBytes];
    const asked = { bearer, verified, prefix: this.#prefix, moreKeys, args };
    const answer = await readChecked(this.connection, keysScript, asked);
    if (answer === 'unknown') return answer;
    const [next, put, deleted, old] = answer as [string, string[], string[], string[]]; // as list-keys.lua says
    const position = next === '0' ? undefined : { cursor: next, connection };
    return { next: position, put, deleted, old: await this.#heads(bearer, old) };
  }

  /** Reads the heads of entries, as far as they are still pending. */
  async #heads({ userId }: Bearer, keys: readonly string[]): Promise<PendingHead[]> {
    const heads: PendingHead[] = [];
    for (let read = 0; read < keys.length;) {
      const args = [maxAnswerBytes, ...keys.slice(read, read + maxReadsInOneCall)];
      const ran = runScript(this.connection.client, headsScript, [pendingKey(this.#prefix, userId)], args);
      const texts = (await orUnavailable(ran)) as string[]; // as read-heads.lua says
      for (const text of texts) {
        const key = keys[read++] ?? '';
        if (text !== '') heads.push({ key, ...parseStamp(text), isDelete: text.endsWith('D') });
      }
    }
    return heads;
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
    const answers = runScript(this.connection.client, readScript, [epochKey(this.#prefix), ...ofAccounts], args);
    return (await orUnavailable(answers)) as (string | null)[]; // as read-with-token.lua says
  }
}

export interface CheckedRead {
  readonly bearer: Bearer;
  /** True if the token needs no check. */
  readonly verified: boolean;
  /** Prefix of the partition's keys. */
  readonly prefix: string;
  /** Keys of the script after `pending`, `tokens` and `epoch`. */
  readonly moreKeys?: readonly string[];
  /** Arguments after the client and the hash of the token. */
  readonly args?: readonly (string | number)[];
}

/**
 * Runs a script that reads pending entries of one account and checks the token in the same step. Resolves with
 * `unknown` if Redis has no record of the token. Throws `invalid_token` or `unavailable`.
 */
export async function readChecked(
  connection: Pick<RedisConnection, 'client'>,
  script: Script,
  { bearer: { userId, client, tokenHash }, verified, prefix, moreKeys = [], args = [] }: CheckedRead,
): Promise<unknown> {
  const keys = [pendingKey(prefix, userId), tokensKey(prefix, userId), epochKey(prefix), ...moreKeys];
  const ran = runScript(connection.client, script, keys, [client, verified ? '' : tokenHash, ...args]);
  const answer = await orUnavailable(ran);
  expectNoRefusal(answer);
  return answer;
}

/** Throws the error of the token if a script refuses it. */
function expectNoRefusal(answer: unknown): void {
  if (answer === 'refused') throw invalidToken();
  if (answer === 'expired') throw expiredToken();
}
