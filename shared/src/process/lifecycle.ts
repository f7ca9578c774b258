import { settledWithin } from '../deadline.js';
import type { Log } from './log.js';
import type { TimeBudget } from '../time-budget.js';

/** Lets go of one thing that was opened; may be called while it is under way. */
export type Closer = () => void | Promise<void>;

/** Begins nothing any more, and resolves when nothing is under way that a process which ends at once should end. */
export type Halt = () => Promise<void>;

export interface LifecycleOptions {
  readonly log: Log;
  /** What is under way gets this long to end. */
  readonly drainTimeoutMs: number;
  readonly times: Pick<TimeBudget, 'echoedSignalMs' | 'haltMs'>;
  /** Ends the process; injected by tests. */
  readonly exit?: (code: number) => void;
}

/**
 * The end of a process. Whatever is opened pushes its closer.
 *
 * running --first SIGTERM or SIGINT--> draining: the closers run, last opened first, each after the one before has ended.
 * draining --all closed--> exit 0, or exit 1 if a closer failed (the others run nevertheless).
 * draining --`drainTimeoutMs` over, or a second signal--> exit 1 at once, or as soon as what must not be cut off has halted, if that is
 * soon; what was under way is left as after a crash.
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

  /** Runs every closer once, however often it is called. Throws the first failure after all have run. */
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

  /** Drains, then ends the process. Called again it changes nothing. */
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

  /** Whether the process has been told to end. */
  get ending(): boolean {
    return this.#ending;
  }

  /** Ends the process at once, with exit code 1. */
  leave(reason: string): void {
    this.#options.log.warn(`${reason}: leaving at once`);
    if (this.#halts.length === 0) return this.#exit(1);
    const halted = Promise.allSettled(this.#halts.map(async (halt) => halt()));
    void settledWithin(halted, this.#options.times.haltMs).then(() => this.#exit(1));
  }

  /** The first SIGTERM or SIGINT ends the process, the second at once. */
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
