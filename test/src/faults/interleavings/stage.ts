import type { Scheduler } from 'fast-check';

/**
 * Runs actors step by step in the order of fast-check's scheduler, with real servers. One step of one actor runs at a
 * time. The next begins once that actor is about to take its next step, or has ended. So a schedule determines a run.
 */
export class Stage {
  /** Logical time. Each finished step has its own moment. */
  #clock = 0;
  /** Number of actors that are between two steps. */
  #active = 0;
  #rest: (() => void) | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(private readonly scheduler: Scheduler) {}

  /** Returns a unique moment. Later calls return larger ones. */
  now(): number {
    return this.#clock++;
  }

  /**
   * Starts an actor. Each of its asynchronous operations must begin with `pass`. An error that it throws ends the run.
   */
  act(actor: () => Promise<void>): void {
    this.#active++;
    const ended = (failure?: { readonly error: unknown }) => {
      this.#failure ??= failure;
      this.#pause();
    };
    actor().then(
      () => ended(),
      (error: unknown) => ended({ error }),
    );
  }

  /** Resolves when this step may run. */
  async pass(label: string): Promise<void> {
    const turn = this.scheduler.schedule(Promise.resolve(), label);
    this.#pause();
    await turn;
  }

  /** Resolves once all actors have ended. Throws the error of an actor. */
  async play(): Promise<void> {
    while (await this.playStep());
  }

  /** Lets one actor take one step. Returns false if there was none to take. Throws the error of an actor. */
  async playStep(): Promise<boolean> {
    await this.#resting();
    if (this.#failure) throw this.#failure.error;
    if (this.scheduler.count() === 0) return false;
    this.#active++; // the actor whose turn it is
    await this.scheduler.waitNext(1);
    return true;
  }

  #pause(): void {
    this.#active--;
    if (this.#active === 0) this.#rest?.();
  }

  async #resting(): Promise<void> {
    if (this.#active === 0) return;
    await new Promise<void>((resolve) => (this.#rest = resolve));
  }
}
