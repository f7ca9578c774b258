import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from '../../world/processes/child.js';
import { childrenOf } from '../../world/processes/runs.js';
import type { Random } from '../clients/random.js';

/** By a process that ended by itself, or badly. */
const linesPrinted = 15;

/** What a fault hits: one process, with its children, that can be started again. */
export class Target {
  /** Its base URL, of an API. */
  url: string | undefined;
  #child: Child | undefined;
  /** Whether its end was asked for. */
  #isEnding = false;

  /**
   * `begin` starts it, again and again, and resolves when it is ready. `isService`: the others need it, and are started after
   * it. `gone` is told of an end that nobody asked for, with what was printed last.
   */
  constructor(
    readonly name: string,
    readonly isService: boolean,
    private readonly begin: () => Promise<{ readonly child: Child; readonly url?: string }>,
    private readonly gone: (what: string) => void,
  ) {}

  async start(): Promise<void> {
    const { child, url } = await this.begin();
    this.#child = child;
    this.#isEnding = false;
    if (url) this.url = url;
    void this.#watch(child);
  }

  async #watch(child: Child): Promise<void> {
    const { code, signal } = await child.exited;
    if (this.#child !== child || this.#isEnding) return;
    this.gone(
      `${child.name} ended with ${code ?? signal} by itself. Its last lines:\n${child.lastLines(linesPrinted)}`,
    );
  }

  get isRunning(): boolean {
    return this.#child?.alive ?? false;
  }

  get child(): Child {
    if (!this.#child) throw new Error(`${this.name} was never started`);
    return this.#child;
  }

  /** kill -9, of its children too; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#isEnding = true;
    this.child.killGroup();
    await this.child.exited;
  }

  /** kill -9 of one of its children, which it has to start again by itself. */
  killChild(random: Random): void {
    const children = childrenOf(this.child.pid);
    if (children.length > 0) process.kill(random.pick(children), 'SIGKILL'); // it may be about to start one
  }

  /** SIGTERM. A process of Keybin has to end with 0. */
  async terminate(): Promise<void> {
    this.#isEnding = true;
    const { code, signal } = await this.child.stop();
    if (code !== 0 && !this.isService) {
      this.gone(
        `${this.child.name} ended with ${code ?? signal} after SIGTERM. Its last lines:\n${this.child.lastLines(linesPrinted)}`,
      );
    }
  }

  /** Stops it for a while as a hang does: it holds its connections and locks, and answers nothing. */
  async hang(forMs: number): Promise<void> {
    if (!this.isRunning) return; // it has ended by itself, which `gone` knows
    const { pid } = this.child;
    process.kill(-pid, 'SIGSTOP');
    await delay(forMs);
    process.kill(-pid, 'SIGCONT');
  }
}
