import { settledWithin } from '../deadline.js';
import type { Log } from './log.js';
import type { TimeBudget } from '../time-budget.js';

/** Closes one thing that was opened. May be called while it is in use. */
export type Closer = () => void | Promise<void>;

/** Stops new work. Resolves once it is safe to call `process.exit`. */
export type Halt = () => Promise<void>;

export interface LifecycleOptions {
  readonly log: Log;
  /** Longest time for work in flight to finish. */
  readonly drainTimeoutMs: number;
  readonly times: Pick<TimeBudget, 'echoedSignalMs' | 'haltMs'>;
  /** Ends the process. Tests inject another function. */
  readonly exit?: (code: number) => void;
}

/**
 * Shuts a process down. What is opened is pushed here together with its closer.
 *
 * - running → draining: at the first SIGTERM or SIGINT. The closers run one after the other, the last opened first.
 * - draining → exit 0: when all have closed.
 * - draining → exit 1: when a closer failed. The others run nevertheless.
 * - draining → exit 1 at once: after `drainTimeoutMs`, or at a second signal. The process waits only for its halts, and
 *   not long. Work in flight is left as after a crash.
 */
export class Lifecycle {
  readonly #options: LifecycleOptions;
  readonly #closers: { name: string; close: Closer }[] = [];
  readonly #halts: Halt[] = [];
  #drained: Promise<void> | undefined;
  #ending = false;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  push(name: string, close: Closer, halt?: Halt): void {
    this.#closers.push({ name, close });
    if (halt) this.#halts.push(halt);
  }

  /** Runs every closer once, even if called several times. Throws the first failure after all have run. */
  async drain(): Promise<void> {
    this.#drained ??= this.#closeAll();
    return this.#drained;
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let closer = this.#closers.pop(); closer; closer = this.#closers.pop()) {
      try {
        await closer.close();
      } catch (error) {
        this.#options.log.error({ err: error }, `${closer.name} did not close`);
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Drains, then ends the process. Another call has no effect. */
  end(reason: string): void {
    if (this.#ending) return;
    this.#ending = true;
    const { log, drainTimeoutMs } = this.#options;
    log.info(`${reason}: draining`);
    const timer = setTimeout(() => this.leave(`Not drained within ${drainTimeoutMs} ms`), drainTimeoutMs);
    this.drain()
      .then(
        () => this.#exit(0),
        () => this.#exit(1),
      )
      .finally(() => clearTimeout(timer));
  }

  /** True once the process has been told to end. */
  get ending(): boolean {
    return this.#ending;
  }

  /** Ends the process with exit code 1, without draining. */
  leave(reason: string): void {
    this.#options.log.warn(`${reason}: exiting at once`);
    if (this.#halts.length === 0) return this.#exit(1);
    const halted = Promise.allSettled(this.#halts.map(async (halt) => halt()));
    void settledWithin(halted, this.#options.times.haltMs).then(() => this.#exit(1));
  }

  /** Ends the process at the first SIGTERM or SIGINT, and at once at the second. */
  endOnSignals(): void {
    let firstAtMs = -Infinity;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (!this.#ending) {
          firstAtMs = performance.now();
          this.end(signal);
        } else if (performance.now() - firstAtMs > this.#options.times.echoedSignalMs) {
          this.leave(`Another ${signal}`);
        }
      });
    }
  }

  #exit(code: number): void {
    const { exit = (status: number) => process.exit(status) } = this.#options;
    exit(code);
  }
}
