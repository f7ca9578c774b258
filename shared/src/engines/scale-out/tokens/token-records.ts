import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { assertInvariant, type InvariantObserver } from '../../../invariant.js';
import { unobserved } from '../../../ports/write-observer.js';
import type { TimeBudget } from '../../../time-budget.js';
import type { Bearer } from './bearer.js';
import { erasedKey, epochKey, tokensKey } from '../redis/keys.js';
import type { PartitionedRedis } from '../redis/partitioned-redis.js';
import { loadScript, runScript, type Script } from '../redis/scripts.js';
import { orUnavailable } from '../../../errors.js';

/** Number of records in an account's hash above which a fill looks for expired ones. */
const tidyAboveClients = 256;

/** Parts of a connection to Redis that tokens need. */
export interface TokenRedis {
  readonly client: Redis;
  observeTime(redisTimeUs: number): void;
}

/** One client of one account. */
export type Client = Pick<Bearer, 'userId' | 'client' | 'partition'>;

export type LeaseKind = 'check' | 'issue' | 'logout';

/** Possible answers of `lease-record.lua` to each kind. */
const outcomes: Readonly<Record<LeaseKind, readonly Lease['outcome'][]>> = {
  check: ['live', 'refused', 'expired', 'leased', 'held', 'marked'],
  issue: ['leased', 'held', 'marked'],
  logout: ['leased', 'held'],
};

export interface Lease {
  /** Answer of `lease-record.lua`, which explains each. */
  readonly outcome: 'live' | 'refused' | 'expired' | 'leased' | 'held' | 'marked';
  /** Proof of holding the lease. */
  readonly nonce: string;
  /** Redis's time when it answered. */
  readonly timeUs: number;
}

/**
 * Tokens in Redis: a record for each client, or the lease of a caller that is about to fill it. All methods throw
 * `unavailable`.
 */
export interface TokenRecords {
  /** Decides by the record. If there is none, takes a lease, unless another one stands or the account is marked. */
  check(bearer: Bearer): Promise<Lease>;
  /** Takes a lease to change the token of a client, unless another change is in flight or the account is marked. */
  lease(client: Client, kind: 'issue' | 'logout'): Promise<Lease>;
  /** Writes the record if the caller still holds the lease. Otherwise keeps or deletes what is there. */
  fill(bearer: Bearer, lease: Lease, expiresUs: number, otherwise: 'keep' | 'delete'): Promise<void>;
  /** Gives the lease back if the caller still holds it. */
  release(client: Client, lease: Lease): Promise<void>;
  /** Deletes the record or lease that is there. The next check goes to MongoDB. */
  forget(client: Client): Promise<void>;
}

export interface TokenScripts {
  readonly lease: Script;
  readonly fill: Script;
  readonly release: Script;
}

export const loadTokenScripts = (): TokenScripts => ({
  lease: loadScript('tokens/lease-record'),
  fill: loadScript('tokens/fill-record'),
  release: loadScript('tokens/release-lease'),
});

export class RedisTokenRecords implements TokenRecords {
  constructor(
    private readonly redis: PartitionedRedis<TokenRedis>,
    private readonly times: Pick<TimeBudget, 'tokenLeaseMs'>,
    private readonly scripts: TokenScripts = loadTokenScripts(),
    private readonly observer: InvariantObserver = unobserved,
  ) {}

  check(bearer: Bearer): Promise<Lease> {
    return this.#lease(bearer, 'check', bearer.tokenHash);
  }

  lease(client: Client, kind: 'issue' | 'logout'): Promise<Lease> {
    return this.#lease(client, kind, '');
  }

  async fill(bearer: Bearer, lease: Lease, expiresUs: number, otherwise: 'keep' | 'delete'): Promise<void> {
    const isOwn = lease.outcome === 'leased' && expiresUs > lease.timeUs;
    assertInvariant(isOwn, 'fill_under_lease', this.observer);
    const expiry = String(expiresUs).padStart(16, '0');
    const args = [bearer.client, lease.nonce, expiry, bearer.tokenHash, otherwise, tidyAboveClients];
    await this.#run(this.scripts.fill, bearer, args);
  }

  async release({ userId, client, partition }: Client, lease: Lease): Promise<void> {
    await this.#run(this.scripts.release, { userId, partition }, [client, lease.nonce]);
  }

  async forget(client: Client): Promise<void> {
    const redis = this.redis.connectionOf(client.partition).client;
    await orUnavailable(redis.hdel(tokensKey(this.redis.prefixOf(client.partition), client.userId), client.client));
  }

  async #lease(client: Client, kind: LeaseKind, tokenHash: string): Promise<Lease> {
    const nonce = randomUUID();
    const args = [client.client, nonce, kind.charAt(0), this.times.tokenLeaseMs, tokenHash];
    const erased = erasedKey(this.redis.prefixOf(client.partition), client.userId);
    let answer: unknown;
    try {
      answer = await this.#run(this.scripts.lease, client, args, [erased]);
    } catch (error) {
      this.#giveUp(client, nonce).catch(() => {});
      throw error;
    }
    const [outcome, time] = answer as [Lease['outcome'], string]; // as `lease-record.lua` says
    assertInvariant(outcomes[kind].includes(outcome), 'token_lease_answer', this.observer);
    const timeUs = Number(time);
    this.redis.connectionOf(client.partition).observeTime(timeUs);
    return { outcome, nonce, timeUs };
  }

  /**
   * Releases a lease that a hanging Redis may still grant and no caller would use. The command follows the first one on
   * the same connection. It has the script's text, because no caller is left to load a script that Redis does not know.
   */
  async #giveUp({ userId, client, partition }: Client, nonce: string): Promise<void> {
    const prefix = this.redis.prefixOf(partition);
    const keys = [tokensKey(prefix, userId), epochKey(prefix)];
    await this.redis.connectionOf(partition).client.eval(this.scripts.release.lua, keys.length, ...keys, client, nonce);
  }

  async #run(
    script: Script,
    { partition, userId }: Pick<Client, 'partition' | 'userId'>,
    args: (string | number)[],
    moreKeys: string[] = [],
  ): Promise<unknown> {
    const prefix = this.redis.prefixOf(partition);
    const keys = [tokensKey(prefix, userId), ...moreKeys, epochKey(prefix)];
    return orUnavailable(runScript(this.redis.connectionOf(partition).client, script, keys, args));
  }
}
