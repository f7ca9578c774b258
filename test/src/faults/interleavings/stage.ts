import type { Scheduler } from 'fast-check';

/**
 * Where actors do their steps in the order that fast-check's scheduler gives: one step of one actor at a time, with real servers,
 * and the next when that actor stands before its own next step or has ended. So a schedule is all that a run depends on.
 */
export class Stage {
  /** A step counts as done at its own moment of this clock. */
  #clock = 0;
  /** Actors that are between two steps. */
  #active = 0;
  #rest: (() => void) | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(private readonly scheduler: Scheduler) {}

  /** A moment that no other call answers; later calls answer more. */
  now(): number {
    return this.#clock++;
  }

  /** Starts an actor, whose every asynchronous work has to begin with `pass`. What it throws ends the run. */
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

  /** Resolves when it is the turn of this step. */
  async pass(label: string): Promise<void> {
    const turn = this.scheduler.schedule(Promise.resolve(), label);
    this.#pause();
    await turn;
  }

  /** Resolves when all actors have ended; throws what one of them has thrown. */
  async play(): Promise<void> {
    while (await this.playStep());
  }

  /** Lets one actor do one step; answers whether there was one to do. Throws what an actor has thrown. */
  async playStep(): Promise<boolean> {
    await this.#resting();
    if (this.#failure) throw this.#failure.error;
    if (this.scheduler.count() === 0) return false;
    this.#active++; // the one whose turn it is
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
