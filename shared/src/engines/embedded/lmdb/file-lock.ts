import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { tryLock, unlock, waitForLock } from 'fs-native-extensions';
import type { TimeBudget } from '../../../time-budget.js';

export type LockTimes = Pick<TimeBudget, 'lockTurnMs' | 'lockPauseMs' | 'lockRetryMs' | 'closeLockMs'>;

/**
 * A lock on a file. The system releases it when the process ends. Concurrent work of this process shares it. Other
 * processes that wait get it within a turn, even if this process always has work.
 */
export class FileLock {
  readonly #descriptor: number;
  /** Number of `hold` calls whose work is running. */
  #holders = 0;
  #turnEndMs = 0;
  #freeSinceMs = 0;
  #entering: Promise<void> | undefined;
  #letGo = () => {};
  readonly #takeAtExit = () => void this.takeSync(0);

  /**
   * Creates the file if necessary. Throws the system's error. A process that ends without `close` keeps the lock to its
   * last moment, because lmdb closes by itself what is still open. It does not if another process has the lock then.
   */
  constructor(
    path: string,
    readonly times: LockTimes,
  ) {
    this.#descriptor = openSync(path, 'a', 0o600);
    process.on('exit', this.#takeAtExit);
  }

  /**
   * Runs `work` while this process holds the lock. Waits for the lock without a limit. Throws the system's error if it
   * refuses the lock.
   */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    while (!this.#join()) await (this.#entering ??= this.#enter());
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** Takes the lock until `release`, or returns false after `patienceMs`. Blocks the event loop while it waits. */
  takeSync(patienceMs: number): boolean {
    const untilMs = performance.now() + patienceMs;
    while (!tryLock(this.#descriptor)) {
      if (performance.now() >= untilMs) return false;
      Atomics.wait(sleeper, 0, 0, this.times.lockRetryMs);
    }
    return true;
  }

  release(): void {
    unlock(this.#descriptor);
  }

  /** Releases the lock for good. */
  close(): void {
    process.off('exit', this.#takeAtExit);
    closeSync(this.#descriptor);
  }

  /** Returns true if the lock could be taken at once. */
  #join(): boolean {
    if (this.#entering) return false;
    const nowMs = performance.now();
    if (this.#holders === 0 && nowMs >= this.#freeSinceMs + this.times.lockPauseMs) {
      this.#turnEndMs = nowMs + this.times.lockTurnMs;
    }
    if (nowMs >= this.#turnEndMs) return false;
    if (this.#holders === 0 && !tryLock(this.#descriptor)) return false;
    this.#holders += 1;
    return true;
  }

  /** Resolves when this process has the lock again, after other processes had a chance to take it. */
  async #enter(): Promise<void> {
    try {
      if (this.#holders > 0) await new Promise<void>((resolve) => (this.#letGo = resolve));
      if (performance.now() >= this.#turnEndMs) await delay(this.times.lockPauseMs);
      await waitForLock(this.#descriptor);
      this.#freeSinceMs = 0; // a new turn
    } finally {
      this.#entering = undefined;
    }
  }

  #leave(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    unlock(this.#descriptor);
    this.#freeSinceMs = performance.now();
    this.#letGo();
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));
