import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { tryLock, unlock, waitForLock } from 'fs-native-extensions';
import type { TimeBudget } from '../../../time-budget.js';

export type LockTimes = Pick<TimeBudget, 'lockTurnMs' | 'lockPauseMs' | 'lockRetryMs' | 'closeLockMs'>;

/**
 * A lock on a file, which the system takes from a process that ends. Work of this process may overlap: it has the lock together.
 * Others that wait get it within a turn, even if there is always work.
 */
export class FileLock {
  readonly #descriptor: number;
  /** Work that is under way here. */
  #holders = 0;
  #turnEndMs = 0;
  #freeSinceMs = 0;
  #entering: Promise<void> | undefined;
  #letGo = () => {};
  readonly #takeAtExit = () => void this.takeSync(0);

  /**
   * Makes the file if need be. Throws the system's error. A process that ends without `close` has the lock to its last moment, unless
   * another one has it then: lmdb closes by itself what is still open.
   */
  constructor(
    path: string,
    readonly times: LockTimes,
  ) {
    this.#descriptor = openSync(path, 'a', 0o600);
    process.on('exit', this.#takeAtExit);
  }

  /** Does `work` while this process has the lock. Waits for that without a limit; the system's refusal is thrown. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    while (!this.#join()) await (this.#entering ??= this.#enter());
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** Has the lock from now on until `release`, or answers false after `patienceMs`. Waits without any event. */
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

  /** Lets go of it for good. */
  close(): void {
    process.off('exit', this.#takeAtExit);
    closeSync(this.#descriptor);
  }

  /** Whether it could be had at once. */
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

  /** Resolves when this process has the lock again, after others could have it. */
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
