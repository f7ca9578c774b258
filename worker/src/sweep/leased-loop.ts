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
  /** Redis key of the lease. */
  readonly leaseKey: string;
  readonly times: Pick<TimeBudget, 'sweepMs' | 'sweepLeaseMs'>;
  readonly log: Log;
  readonly observer: InvariantObserver;
  readonly script?: Script;
}

/**
 * Loop that does `work` every few seconds, in one worker at a time. Each run begins by taking or prolonging a lease in
 * Redis. The lease only saves work: after one has expired, two workers may do `work` at once, which must be harmless.
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

  /** Waits for the current run, `timeoutMs` at most. A longer run may be cut off anywhere. */
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
        if (!failed && !(error instanceof Abandoned)) log.warn({ err: error }, `${this.name} failed and is retried`);
        failed = true;
      }
      // Without jitter, workers that began together would stay in step
      const jitteredMs = times.sweepMs * (0.75 + Math.random() / 2);
      await delay(jitteredMs, undefined, { signal }).catch(() => {}); // the loop checks the signal
    }
  }

  async #hold(): Promise<boolean> {
    const { redis, leaseKey, times, observer, script = leaseScript } = this.options;
    const answer = await runScript(redis.client, script, [leaseKey], [this.#nonce, times.sweepLeaseMs]);
    assertInvariant(answer === 0 || answer === 1, 'sweep_lease_answer', observer);
    return answer === 1;
  }
}
