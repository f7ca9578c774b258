import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { withDeadline } from '../../../deadline.js';
import { invalidToken, orUnavailable } from '../../../errors.js';
import type { TimeBudget } from '../../../time-budget.js';
import type { Bearer } from './bearer.js';
import { partitionOf, tokenIndexKey } from '../redis/keys.js';

import type { PartitionedRedis } from '../redis/partitioned-redis.js';
import type { TokenDocuments } from './token-documents.js';
import type { TokenRedis } from './token-records.js';

/** Maximum of bearers that one process keeps in memory, some 300 bytes each. */
const cachedBearers = 50_000;

/** Hashes a token. Tokens and client ids are stored and compared as hashes, so neither can be read from a store. */
export const hashToken = (token: string): string => hash('sha256', token);

/** Hashes a client id. Any string may be one, and UTF-8 would make all lone surrogates the same. */
export const hashClient = (clientId: string): string => hash('sha256', Buffer.from(clientId, 'utf16le'));

/**
 * Finds the bearer of a token. The answer never changes, so it is kept in memory. Redis keeps it while the token lives.
 * If Redis has lost it or is down, MongoDB finds it by the token's hash.
 */
export class TokenIndex {
  readonly #bearers = new LRUCache<string, Bearer>({ max: cachedBearers });

  constructor(
    private readonly redis: PartitionedRedis<Pick<TokenRedis, 'client'>>,
    private readonly documents: Pick<TokenDocuments, 'findByHash'>,
    private readonly times: Pick<TimeBudget, 'tokenIndexMs'>,
  ) {}

  /** Returns the bearer. Throws or rejects with `invalid_token` or `unavailable`. */
  resolve(token: string): Bearer | Promise<Bearer> {
    const tokenHash = hashToken(token);
    return this.#bearers.get(tokenHash) ?? this.#find(tokenHash);
  }

  bearer(tokenHash: string, userId: string, client: string): Bearer {
    return { tokenHash, userId, client, partition: partitionOf(userId, this.redis.partitions) };
  }

  /**
   * Stores the bearer in Redis until the token expires. This comes before the token's record, in a command of its own,
   * because the key is in another slot. If it fails, MongoDB finds the bearer.
   */
  async put({ tokenHash, userId, client }: Bearer, expiresAt: Date): Promise<void> {
    const text = JSON.stringify([userId, client]);
    await this.#ask(tokenHash, (redis, key) => redis.set(key, text, 'PXAT', expiresAt.getTime())).catch(() => {});
  }

  /**
   * Removes the bearer of a revoked token, to free memory in Redis. From now on MongoDB is asked for it. If this fails,
   * the key expires.
   */
  async forget(tokenHash: string): Promise<void> {
    await this.#ask(tokenHash, (redis, key) => redis.del(key)).catch(() => {});
  }

  async #find(tokenHash: string): Promise<Bearer> {
    const text = await this.#ask(tokenHash, (redis, key) => redis.get(key)).catch(() => null);
    const bearer = text === null ? await this.#findStored(tokenHash) : this.#parse(tokenHash, text);
    this.#bearers.set(tokenHash, bearer);
    return bearer;
  }

  #parse(tokenHash: string, text: string): Bearer {
    const [userId, client] = JSON.parse(text) as [string, string]; // only `put` writes it
    return this.bearer(tokenHash, userId, client);
  }

  async #findStored(tokenHash: string): Promise<Bearer> {
    const stored = await this.documents.findByHash(tokenHash);
    if (!stored) throw invalidToken();
    const bearer = this.bearer(tokenHash, stored.user_id, stored.client);
    await this.put(bearer, stored.expires_at);
    return bearer;
  }

  async #ask<T>(tokenHash: string, command: (redis: TokenRedis['client'], key: string) => Promise<T>): Promise<T> {
    const partition = partitionOf(tokenHash, this.redis.partitions);
    const asked = command(
      this.redis.connectionOf(partition).client,
      tokenIndexKey(this.redis.prefixOf(partition), tokenHash),
    );
    return withDeadline(orUnavailable(asked), this.times.tokenIndexMs, 'reading the token index');
  }
}
