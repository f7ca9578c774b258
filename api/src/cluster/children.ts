import cluster, { type Worker } from 'node:cluster';
import type { Log } from '@keybin/shared/process/log.js';
import type { ChildMessage, PrimaryMessage, Listening } from './child-messages.js';

const firstRestartDelayMs = 100;
const maxRestartDelayMs = 10_000;
/** Age from which the exit of a child is not blamed on its start. */
const steadyAfterMs = 30_000;

/**
 * Child processes of a cluster. Node's `cluster` listens once, in the primary, and hands each connection to a child.
 *
 * starting --each child has sent `Listening`--> running.
 * starting --a child exits--> failed: `start` throws.
 * running --a child exits--> running: another one is forked, after a longer delay each time while they die young.
 * running --close()--> closing: each child is told to shut down.
 * closing --all have exited--> closed.
 */
export class Children {
  readonly #log: Log;
  readonly #alive = new Set<Worker>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  #state: 'starting' | 'running' | 'closing' = 'starting';

  constructor(log: Log) {
    this.#log = log;
  }

  /** Forks the children. Resolves when all serve. Throws if one of them exits before. */
  async start(processes: number): Promise<Listening> {
    const children = Array.from({ length: processes }, () => this.#fork(firstRestartDelayMs));
    const [listening] = await Promise.all(children.map(async (child) => firstWordOf(child)));
    if (!listening) throw new Error('A cluster needs at least one process');
    if (this.#state === 'starting') this.#state = 'running';
    return listening;
  }

  /** Shuts the children down. Resolves when all have exited. Throws if one did not exit cleanly. */
  async close(): Promise<void> {
    this.#state = 'closing';
    for (const restart of this.#restarts) clearTimeout(restart);
    const codes = await Promise.all([...this.#alive].map(async (child) => endOf(child)));
    if (codes.some((code) => code !== 0))
      throw new Error(`Processes of the cluster exited with codes ${codes.join(', ')}`);
  }

  #fork(restartDelayMs: number): Worker {
    const startedMs = performance.now();
    const child = cluster.fork();
    this.#alive.add(child);
    child.once('exit', (code: number, signal: string | null) => {
      this.#alive.delete(child);
      if (this.#state !== 'running') return;
      const delayMs = performance.now() - startedMs > steadyAfterMs ? firstRestartDelayMs : restartDelayMs;
      this.#log.error(`Process ${child.process.pid} exited (${signal ?? code}); a new one starts in ${delayMs} ms`);
      this.#forkLater(delayMs);
    });
    return child;
  }

  #forkLater(delayMs: number): void {
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.#fork(Math.min(2 * delayMs, maxRestartDelayMs));
    }, delayMs);
    this.#restarts.add(timer);
  }
}

async function firstWordOf(child: Worker): Promise<Listening> {
  return new Promise((resolve, reject) => {
    whenListening(child, resolve);
    child.once('exit', () => reject(new Error('A process of the cluster did not start')));
  });
}

/** Tells a child to shut down. Returns its exit code, or 1 if a signal ended it. */
async function endOf(child: Worker): Promise<number> {
  return new Promise((resolve) => {
    const tell = () => child.isConnected() && child.send({ type: 'end' } satisfies PrimaryMessage);
    child.once('exit', (code: number | null) => resolve(code ?? 1));
    whenListening(child, tell); // a starting child receives nothing before its first message
    tell();
  });
}

function whenListening(child: Worker, then: (listening: Listening) => void): void {
  child.on('message', (message: ChildMessage) => {
    if (message.type === 'listening') then(message);
  });
}
