import type { TimeBudget } from '../../../time-budget.js';
import { bytesKey, erasedKey, pendingKey, rejectedKey, tokensKey, waitingKey } from '../redis/keys.js';
import { loadScript, runScript, type Script } from '../redis/scripts.js';
import type { RedisConnection } from '../redis/redis-connection.js';
import { prefixFor, redisOf, type PartitionedRedis } from '../redis/partitioned-redis.js';
import { orUnavailable } from '../../../errors.js';

/** One call of a script. */
export interface ScriptCall {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

/** Steps in Redis that delete or disable an account. Each may be repeated, and throws `unavailable`. */
export interface AccountMarks {
  /** Marks the account for 10 s, in which its writes are refused, and deletes its token records. */
  close(userId: string): Promise<void>;
  /** Does the same as `close`, for an account that is being disabled. */
  suspend(userId: string): Promise<void>;
  /** Deletes the account's token records, and the mark that `suspend` set. */
  endTokens(userId: string): Promise<void>;
  /** Marks the account for a day, and deletes its token records and pending entries. */
  erase(userId: string): Promise<void>;
  /** Returns `erase` as a call to add to a transaction. */
  eraseCall(userId: string): ScriptCall;
}

export interface MarkScripts {
  readonly close: Script;
  readonly unregister: Script;
  readonly suspend: Script;
  readonly endTokens: Script;
}

export const loadMarkScripts = (): MarkScripts => ({
  close: loadScript('accounts/close-account'),
  unregister: loadScript('accounts/erase-account'),
  suspend: loadScript('accounts/suspend-account'),
  endTokens: loadScript('accounts/finish-disabling'),
});

export class RedisAccountMarks implements AccountMarks {
  constructor(
    private readonly redis: PartitionedRedis<Pick<RedisConnection, 'client'>>,
    private readonly times: Pick<TimeBudget, 'shortMarkMs' | 'erasureMs'>,
    private readonly scripts: MarkScripts = loadMarkScripts(),
  ) {}

  async close(userId: string): Promise<void> {
    await this.#run(this.scripts.close, userId, [this.times.shortMarkMs]);
  }

  async suspend(userId: string): Promise<void> {
    await this.#run(this.scripts.suspend, userId, [this.times.shortMarkMs]);
  }

  async endTokens(userId: string): Promise<void> {
    await this.#run(this.scripts.endTokens, userId, []);
  }

  async erase(userId: string): Promise<void> {
    const { script, keys, args } = this.eraseCall(userId);
    await orUnavailable(runScript(redisOf(this.redis, userId).client, script, keys, args));
  }

  eraseCall(userId: string): ScriptCall {
    const prefix = prefixFor(this.redis, userId);
    const keys = [
      erasedKey(prefix, userId),
      tokensKey(prefix, userId),
      pendingKey(prefix, userId),
      waitingKey(prefix),
      bytesKey(prefix),
      rejectedKey(prefix),
    ];
    return { script: this.scripts.unregister, keys, args: [userId, this.times.erasureMs] };
  }

  async #run(script: Script, userId: string, args: readonly number[]): Promise<void> {
    const prefix = prefixFor(this.redis, userId);
    const keys = [erasedKey(prefix, userId), tokensKey(prefix, userId)];
    await orUnavailable(runScript(redisOf(this.redis, userId).client, script, keys, args));
  }
}
