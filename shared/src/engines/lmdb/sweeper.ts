import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../log.js';
import { removeToken } from './bearers.js';
import type { Databases } from './environment.js';
import { printMs, rangeOf } from './records.js';
import type { Writes } from './writes.js';

/** Records removed in one step: about a millisecond in which nothing else is served. */
const recordsPerStep = 500;

const defaultIntervalMs = 10_000;

/**
 * Removes in the background what is unreachable already: the entries of erased accounts and expired tokens. What a killed
 * process left half done is found at the next round of any process; several may work on the same at once.
 */
export class Sweeper {
  readonly #stopped = new AbortController();
  #wake: () => void = () => {};
  readonly #ended: Promise<void>;

  constructor(
    private readonly databases: Databases,
    private readonly writes: Writes,
    private readonly log: Log,
    private readonly intervalMs = defaultIntervalMs,
  ) {
    this.#ended = this.#run();
  }

  /** Starts the next round at once. */
  wake(): void {
    this.#wake();
  }

  /** Waits for the step that is under way. */
  async close(): Promise<void> {
    this.#stopped.abort();
    this.wake();
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      try {
        await this.#round();
      } catch (error) {
        this.log.warn({ err: error }, 'Sweeping failed, to be tried again');
      }
      await Promise.race([
        woken,
        delay(this.intervalMs, undefined, { ref: false, signal: this.#stopped.signal }).catch(() => {}),
      ]);
    }
  }

  async #round(): Promise<void> {
    while (!this.#stopped.signal.aborted && (await this.writes.apply(() => this.#eraseSome()))) continue;
    while (!this.#stopped.signal.aborted && (await this.writes.apply(({ nowMs }) => this.#expireSome(nowMs)))) continue;
  }

  /** Whether there may be more. */
  #eraseSome(): boolean {
    const { erasing, entries } = this.databases;
    const [userId] = [...erasing.getKeys({ limit: 1 })];
    if (userId === undefined) return false;
    const keys = [...entries.getKeys({ ...rangeOf(userId), limit: recordsPerStep })];
    for (const key of keys) void entries.remove(key);
    if (keys.length < recordsPerStep) void erasing.remove(userId);
    return true;
  }

  /** Whether there may be more. */
  #expireSome(nowMs: number): boolean {
    const { expiries } = this.databases;
    const expired = [...expiries.getKeys({ end: printMs(nowMs), limit: recordsPerStep })];
    for (const key of expired) {
      removeToken(this.databases, key.slice(key.indexOf('/') + 1));
      void expiries.remove(key);
    }
    return expired.length === recordsPerStep;
  }
}
