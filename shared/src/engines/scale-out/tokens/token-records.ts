import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { assertInvariant, type InvariantObserver } from '../../../invariant.js';
import { unobserved } from '../../../ports/write-observer.js';
import type { TimeBudget } from '../../../time-budget.js';
import type { Bearer } from './bearer.js';
import { erasedKey, epochKey, partitionPrefix, tokensKey } from '../redis/keys.js';
import { orUnavailable } from '../mongodb/errors.js';
import type { PartitionedRedis } from '../redis/partitioned-redis.js';
import { loadScript, runScript, type Script } from '../redis/scripts.js';

/** Records in an account's hash from which on those that have run out are looked for. */
const tidyAboveClients = 256;

/** What is needed of a connection to Redis. */
export interface TokenRedis {
  readonly client: Redis;
  observeTime(redisTimeUs: number): void;
}

/** One client of one account. */
export type Client = Pick<Bearer, 'userId' | 'client' | 'partition'>;

export type LeaseKind = 'check' | 'issue' | 'logout';

/** What `lease-record.lua` answers to each kind. */
const outcomes: Readonly<Record<LeaseKind, readonly Lease['outcome'][]>> = {
  check: ['live', 'refused', 'leased', 'held', 'marked'],
  issue: ['leased', 'held', 'marked'],
  logout: ['leased', 'held'],
};

export interface Lease {
  /** As in `lease-record.lua`. */
  readonly outcome: 'live' | 'refused' | 'leased' | 'held' | 'marked';
  /** Proves whose lease it is. */
  readonly nonce: string;
  /** Redis's time. */
  readonly timeUs: number;
}

/** What Redis knows of tokens: a record for each client, or the lease of who is about to fill it. All throw `unavailable`. */
export interface TokenRecords {
  /** The verdict of the record; if there is none a lease, unless one stands or the account is marked. */
  check(bearer: Bearer): Promise<Lease>;
  /** A lease to change the token of a client, unless another change is under way or the account is marked. */
  lease(client: Client, kind: 'issue' | 'logout'): Promise<Lease>;
  /** Writes the record if the lease is still one's own; else leaves what is there or deletes it. */
  fill(bearer: Bearer, lease: Lease, expiresUs: number, otherwise: 'keep' | 'delete'): Promise<void>;
  /** Gives the lease back if it is still one's own. */
  release(client: Client, lease: Lease): Promise<void>;
  /** Deletes the record, or whatever lease is there: the next check goes to MongoDB. */
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
    await orUnavailable(redis.hdel(tokensKey(partitionPrefix(client.partition), client.userId), client.client));
  }

  async #lease(client: Client, kind: LeaseKind, tokenHash: string): Promise<Lease> {
    const nonce = randomUUID();
    const args = [client.client, nonce, kind.charAt(0), this.times.tokenLeaseMs, tokenHash];
    const erased = erasedKey(partitionPrefix(client.partition), client.userId);
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
   * A Redis that hangs may still give the lease, and nobody would use it; this comes after that on the same connection. By its
   * text: nobody is there any more to hear that Redis does not know the script.
   */
  async #giveUp({ userId, client, partition }: Client, nonce: string): Promise<void> {
    const prefix = partitionPrefix(partition);
    const keys = [tokensKey(prefix, userId), epochKey(prefix)];
    await this.redis.connectionOf(partition).client.eval(this.scripts.release.lua, keys.length, ...keys, client, nonce);
  }

  async #run(
    script: Script,
    { partition, userId }: Pick<Client, 'partition' | 'userId'>,
    args: (string | number)[],
    moreKeys: string[] = [],
  ): Promise<unknown> {
    const prefix = partitionPrefix(partition);
    const keys = [tokensKey(prefix, userId), ...moreKeys, epochKey(prefix)];
    return orUnavailable(runScript(this.redis.connectionOf(partition).client, script, keys, args));
  }
}
