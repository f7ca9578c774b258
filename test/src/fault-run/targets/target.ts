import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from '../../world/processes/child.js';
import { childrenOf } from '../../world/processes/runs.js';
import type { Random } from '../random.js';

/** Number of lines shown of a process that ended by itself or with an error. */
const linesPrinted = 15;

/** Takes a line about a process that ended by itself, or with an error after SIGTERM. */
export type Gone = (what: string) => void;

/** A process, with its children, that faults can hit and that can be started again. */
export class Target {
  /** Base URL of an API. */
  url: string | undefined;
  #child: Child | undefined;
  /** True if the process was told to end. */
  #isEnding = false;

  /**
   * `begin` starts the process, each time anew, and resolves once it is ready. `isService` is true if the others need
   * it and must start after it. `gone` is called when the process ends unexpectedly, with its last output.
   */
  constructor(
    readonly name: string,
    readonly isService: boolean,
    private readonly begin: () => Promise<{ readonly child: Child; readonly url?: string }>,
    private readonly gone: Gone,
    /** Name of its host on a `Network`. */
    readonly host?: string,
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

  /** Kills the process and its children (SIGKILL). Resolves once it is gone. */
  async kill(): Promise<void> {
    this.#isEnding = true;
    this.child.killGroup();
    await this.child.exited;
  }

  /** Kills one of its children (SIGKILL). The process must start a new one by itself. */
  killChild(random: Random): void {
    const children = childrenOf(this.child.pid);
    if (children.length > 0) process.kill(random.pick(children), 'SIGKILL'); // it may have none yet after a kill
  }

  /** Sends SIGTERM. A process of Keybin must exit with 0. */
  async terminate(): Promise<void> {
    this.#isEnding = true;
    const { code, signal } = await this.child.stop();
    if (code !== 0 && !this.isService) {
      this.gone(
        `${this.child.name} ended with ${code ?? signal} after SIGTERM. Its last lines:\n${this.child.lastLines(linesPrinted)}`,
      );
    }
  }

  /** Stops the process for a while, as a hang does: it keeps its connections and locks, and answers nothing. */
  async hang(forMs: number): Promise<void> {
    if (!this.isRunning) return; // it has ended by itself, and `gone` was called
    const { pid } = this.child;
    process.kill(-pid, 'SIGSTOP');
    await delay(forMs);
    process.kill(-pid, 'SIGCONT');
  }
}

interface Server {
  readonly child: Child;
  start(): Promise<void>;
}

/** Starts a server that can be started again with its data. `ready` is awaited each time it runs again. */
export async function startService<S extends Server>(
  name: string,
  first: () => Promise<S>,
  gone: Gone,
  { ready = async () => {}, host }: { readonly ready?: () => Promise<void>; readonly host?: string } = {},
): Promise<{ server: S; target: Target }> {
  const server = await first();
  const begin = async () => {
    if (!server.child.alive) {
      await server.start();
      await ready();
    }
    return { child: server.child };
  };
  const target = new Target(name, true, begin, gone, host);
  await target.start();
  return { server, target };
}
