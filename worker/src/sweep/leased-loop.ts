import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { settledWithin } from '@keybin/shared/deadline.js';
import type { RedisConnection } from '@keybin/shared/engines/scale-out/redis/redis-connection.js';
import { loadScript, runScript, type Script } from '@keybin/shared/engines/scale-out/redis/scripts.js';
import { assertInvariant, type InvariantObserver } from '@keybin/shared/invariant.js';
import type { Log } from '@keybin/shared/process/log.js';
import type { TimeBudget } from '@keybin/shared/time-budget.js';
import { Abandoned } from '../apply/retry.js';

const leaseScript = loadScript('partitions/sweep-lease');

export interface LeasedLoopOptions {
  readonly redis: Pick<RedisConnection, 'client'>;
  /** Where the lease stands. */
  readonly leaseKey: string;
  readonly times: Pick<TimeBudget, 'sweepMs' | 'sweepLeaseMs'>;
  readonly log: Log;
  readonly observer: InvariantObserver;
  readonly script?: Script;
}

/**
 * Does `work` every few seconds, in one worker at a time: each run begins by taking or prolonging a lease in Redis. That only
 * saves work: `work` must be harmless when two workers do it at once, after a lease ran out.
 */
export class LeasedLoop {
  readonly #nonce = randomUUID();
  readonly #closing = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(
    private readonly name: string,
    private readonly work: () => Promise<void>,
    private readonly options: LeasedLoopOptions,
  ) {}

  start(): void {
    this.#loop ??= this.#repeat();
  }

  /** Waits for the run under way, `timeoutMs` at most: it may be cut off anywhere. */
  async close(timeoutMs: number): Promise<void> {
    this.#closing.abort();
    await settledWithin(this.#loop, timeoutMs);
  }

  async #repeat(): Promise<void> {
    const { times, log } = this.options;
    const { signal } = this.#closing;
    let failed = false;
    while (!signal.aborted) {
      try {
        if (await this.#hold()) await this.work();
        failed = false;
      } catch (error) {
        if (!failed && !(error instanceof Abandoned)) log.warn({ err: error }, `${this.name} failed, is tried again`);
        failed = true;
      }
      const jitteredMs = times.sweepMs * (0.75 + Math.random() / 2); // or workers that began together would stay in step
      await delay(jitteredMs, undefined, { signal }).catch(() => {}); // the loop looks at the signal
    }
  }

  async #hold(): Promise<boolean> {
    const { redis, leaseKey, times, observer, script = leaseScript } = this.options;
    const answer = await runScript(redis.client, script, [leaseKey], [this.#nonce, times.sweepLeaseMs]);
    assertInvariant(answer === 0 || answer === 1, 'sweep_lease_answer', observer);
    return answer === 1;
  }
}
