import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../world/eventually.js';

export interface Request {
  readonly id: number;
  readonly action: string;
  readonly values: readonly string[];
}

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  /** Code of the error, in place of an answer. */
  readonly code?: string;
}

type Message = Answer | { readonly ready: true } | { readonly answered: string };

const started = new Set<Peer>();

/** Another process that has the same directory open. `peer-process.ts` is its program. */
export class Peer {
  /** Keys of the acknowledged writes of `write`. */
  readonly answered: string[] = [];
  readonly #asked = new Map<number, (answer: Answer) => void>();
  readonly #exited: Promise<unknown>;
  #ready: () => void = () => {};
  #next = 0;

  private constructor(private readonly process: ChildProcess) {
    this.#exited = once(process, 'exit');
    process.on('message', (message: Message) => {
      if ('ready' in message) this.#ready();
      else if ('answered' in message) this.answered.push(message.answered);
      else this.#asked.get(message.id)?.(message);
    });
  }

  /** Starts a peer. `processes` is its `[APP] processes`. */
  static async start(directory: string, processes = 2): Promise<Peer> {
    const program = fileURLToPath(new URL('./peer-process.js', import.meta.url));
    const peer = new Peer(
      fork(program, [directory, String(processes)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
    );
    started.add(peer);
    const ready = new Promise<void>((resolve) => (peer.#ready = resolve));
    await Promise.race([ready, peer.#exited.then(() => Promise.reject(new Error('peer did not start')))]);
    return peer;
  }

  /** Runs `action` there and returns its answer. Throws an error with the code that the action failed with. */
  async ask(action: string, ...values: string[]): Promise<unknown> {
    const id = this.#next++;
    const answered = new Promise<Answer>((resolve) => this.#asked.set(id, resolve));
    this.process.send({ id, action, values } satisfies Request);
    const { value, code } = await answered;
    if (code !== undefined) throw Object.assign(new Error(code), { code });
    return value;
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  /** Starts an action that has no answer. */
  tell(action: string, ...values: string[]): void {
    this.process.send({ id: this.#next++, action, values } satisfies Request);
  }

  /** Stops the process while it holds the write lock. */
  async hold(): Promise<void> {
    this.tell('hold');
    const state = () => /^State:\t(\w)/m.exec(readFileSync(`/proc/${this.process.pid}/status`, 'latin1'))?.[1];
    await eventually(() => state() === 'T', 'the peer to stop');
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** Resolves once the process has ended by itself. */
  async ended(): Promise<void> {
    await this.#exited;
    started.delete(this);
  }

  /** Kills the process, as a crash does. */
  async kill(): Promise<void> {
    started.delete(this);
    this.process.kill('SIGKILL');
    await this.#exited;
  }
}

/** Kills all peers, for an `afterEach`. */
export async function killPeers(): Promise<void> {
  await Promise.all([...started].map((peer) => peer.kill()));
}
