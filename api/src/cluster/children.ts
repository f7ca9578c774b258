import cluster, { type Worker } from 'node:cluster';
import type { Log } from '@keybin/shared/process/log.js';
import { tell, type ChildMessage, type Listening } from './child-messages.js';

const firstRestartDelayMs = 100;
const maxRestartDelayMs = 10_000;
/** Age from which the exit of a child is not blamed on its start. */
const steadyAfterMs = 30_000;

/**
 * Child processes of a cluster. Node's `cluster` listens once, in the primary, and hands each connection to a child.
 *
 * starting --a child exits by itself before any has served--> failed: `start` throws.
 * starting --as many serve as were asked for--> running.
 * starting, running --a child exits otherwise--> another one is forked, after a longer delay each time while they die
 * young. A child that was killed does not show that the next one cannot start, nor does one that fails beside others.
 * any --close()--> closing: each child is told to shut down.
 * closing --all have exited--> closed.
 */
export class Children {
  readonly #log: Log;
  readonly #alive = new Set<Worker>();
  readonly #serving = new Set<Worker>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  #hasServed = false;
  #isClosing = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Forks the children. Resolves when all serve. Throws if one of them cannot start before any has served. */
  start(processes: number): Promise<Listening> {
    return new Promise((resolve, reject) => {
      const served = (listening: Listening) => this.#serving.size === processes && resolve(listening);
      const failed = () => reject(new Error('A process of the cluster did not start'));
      for (let child = 0; child < processes; child++) this.#fork(firstRestartDelayMs, { served, failed });
    });
  }

  /** Shuts the children down. Resolves when all have exited. Throws if one did not exit cleanly. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const restart of this.#restarts) clearTimeout(restart);
    const codes = await Promise.all([...this.#alive].map(async (child) => endOf(child)));
    if (codes.some((code) => code !== 0))
      throw new Error(`Processes of the cluster exited with codes ${codes.join(', ')}`);
  }

  #fork(restartDelayMs: number, told: Told): void {
    const startedMs = performance.now();
    const child = cluster.fork();
    this.#alive.add(child);
    // Node's own message to a child that has just ended fails. Without a listener that would end this process
    child.on('error', (error) => this.#log.debug({ err: error }, `Process ${child.process.pid} cannot be told`));
    whenListening(child, (listening) => {
      this.#serving.add(child);
      this.#hasServed = true;
      told.served(listening);
    });
    child.once('exit', (code: number, signal: string | null) => {
      this.#alive.delete(child);
      this.#serving.delete(child);
      if (this.#isClosing) return;
      if (signal === null && !this.#hasServed) return told.failed();
      const delayMs = performance.now() - startedMs > steadyAfterMs ? firstRestartDelayMs : restartDelayMs;
      this.#log.error(`Process ${child.process.pid} exited (${signal ?? code}); a new one starts in ${delayMs} ms`);
      const timer = setTimeout(() => {
        this.#restarts.delete(timer);
        this.#fork(Math.min(2 * delayMs, maxRestartDelayMs), told);
      }, delayMs);
      this.#restarts.add(timer);
    });
  }
}

/** Callbacks for those who wait for the start. */
interface Told {
  readonly served: (listening: Listening) => void;
  readonly failed: () => void;
}

/** Tells a child to shut down. Returns its exit code, or 1 if a signal ended it. */
async function endOf(child: Worker): Promise<number> {
  return new Promise((resolve) => {
    const tellEnd = () => tell(child, { type: 'end' });
    child.once('exit', (code: number | null) => resolve(code ?? 1));
    whenListening(child, tellEnd); // a starting child receives nothing before its first message
    tellEnd();
  });
}

function whenListening(child: Worker, then: (listening: Listening) => void): void {
  child.on('message', (message: ChildMessage) => {
    if (message.type === 'listening') then(message);
  });
}
