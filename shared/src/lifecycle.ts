import type { Log } from './log.js';

/** Lets go of one thing that was opened; may be called while it is under way. */
export type Closer = () => void | Promise<void>;

export interface LifecycleOptions {
  readonly log: Log;
  /** What is under way gets this long to end. */
  readonly drainTimeoutMs: number;
  /** Ends the process; injected by tests. */
  readonly exit?: (code: number) => void;
}

/**
 * The end of a process. Whatever is opened pushes its closer.
 *
 * running --first SIGTERM or SIGINT--> draining: the closers run, last opened first, each after the one before has ended.
 * draining --all closed--> exit 0, or exit 1 if a closer failed (the others run nevertheless).
 * draining --`drainTimeoutMs` over, or a second signal--> exit 1 at once; what was under way is left as after a crash.
 */
export class Lifecycle {
  readonly #options: LifecycleOptions;
  readonly #closers: { name: string; close: Closer }[] = [];
  #drained: Promise<void> | undefined;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  push(name: string, close: Closer): void {
    this.#closers.push({ name, close });
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

  /** Drains and ends the process. Called again it ends the process at once. */
  end(reason: string): void {
    const { log, drainTimeoutMs, exit = (code: number) => process.exit(code) } = this.#options;
    if (this.#drained) {
      log.warn(`${reason} while draining: leaving at once`);
      exit(1);
      return;
    }
    log.info(`${reason}: draining`);
    const timer = setTimeout(() => {
      log.error(`Not drained within ${drainTimeoutMs} ms: leaving`);
      exit(1);
    }, drainTimeoutMs);
    this.drain()
      .then(
        () => exit(0),
        () => exit(1),
      )
      .finally(() => clearTimeout(timer));
  }

  /** The first SIGTERM or SIGINT drains, the second leaves at once. */
  endOnSignals(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.end(signal));
  }
}
