import { spawn, type ChildProcess } from 'node:child_process';
import { eventually } from './eventually.js';
import { standsStill } from './runs.js';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface ChildOptions {
  readonly cwd?: string;
  /** Added to the environment of the test process, from which every setting of Keybin is taken out. */
  readonly env?: Readonly<Record<string, string>>;
}

/** After this a process that was asked to end counts as hung. */
const stopTimeoutMs = 15_000;

/** How long what it printed is waited for when it has ended: children that outlive it may hold its output open. */
const outputTimeoutMs = 1_000;

/** All that run, in this process: none may outlive it, whichever way it ends. */
const running = new Set<Child>();

/** A process that the tests started, with what it printed. It has a process group of its own, so that its children end with it. */
export class Child {
  /** Settles when it has ended and its output has arrived. */
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  #output = '';
  #errors = '';

  constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
    options: ChildOptions = {},
  ) {
    this.#process = spawn(command, args, {
      cwd: options.cwd,
      env: { ...environmentWithoutSettings(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    running.add(this);
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    }
    this.#process.stderr?.on('data', (text: string) => (this.#errors += text));
    this.exited = new Promise((resolve) => {
      this.#process.on('error', (error) => {
        this.#output += `${error.message}\n`;
        running.delete(this);
        resolve({ code: 127, signal: null });
      });
      this.#process.on('exit', (code, signal) => {
        running.delete(this);
        const timer = setTimeout(() => resolve({ code, signal }), outputTimeoutMs);
        this.#process.on('close', () => {
          clearTimeout(timer);
          resolve({ code, signal });
        });
      });
    });
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error(`${this.name} did not start: ${this.#output}`);
    return this.#process.pid;
  }

  get alive(): boolean {
    return running.has(this);
  }

  /** The end of what it printed. */
  lastLines(count: number): string {
    return this.output.trimEnd().split('\n').slice(-count).join('\n');
  }

  /** Standard output and standard error, together. */
  get output(): string {
    return this.#output;
  }

  /** Standard error alone. */
  get errors(): string {
    return this.#errors;
  }

  /** Each complete line that is JSON, as the log prints them. */
  get logs(): Record<string, unknown>[] {
    const lines = this.#output.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
    return lines.map((line): Record<string, unknown> => JSON.parse(line));
  }

  /** From now on whatever it prints finds nobody there. */
  stopReading(): void {
    this.#process.stdout?.destroy();
    this.#process.stderr?.destroy();
  }

  /** Sends a signal; resolves at once, for SIGKILL when the process is gone, and for SIGSTOP when none of its threads runs on. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    if (!this.alive) return;
    process.kill(this.pid, signal);
    if (signal === 'SIGKILL') await this.exited;
    if (signal === 'SIGSTOP')
      await eventually(() => !this.alive || standsStill(this.pid), `${this.name} to stand still`);
  }

  /** Ends the process with SIGTERM. Kills it and throws if it does not end in time. */
  async stop(): Promise<Exit> {
    if (!this.alive) return this.exited;
    process.kill(this.pid, 'SIGCONT');
    process.kill(this.pid, 'SIGTERM');
    let hung = false;
    const timer = setTimeout(() => {
      hung = true;
      this.killGroup();
    }, stopTimeoutMs);
    const exit = await this.exited;
    clearTimeout(timer);
    if (hung)
      throw new Error(`${this.name} did not end ${stopTimeoutMs} ms after SIGTERM. It printed:\n${this.#output}`);
    return exit;
  }

  /** Kills the process and its children. */
  killGroup(): void {
    if (!this.alive) return;
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // gone in this moment
    }
  }

  /** Resolves once `ready` does not throw; throws what was printed if the process ends before, or after `timeoutMs`. */
  async ready(ready: () => Promise<unknown>, timeoutMs = 20_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      if (!this.alive) {
        await this.exited; // only then is there all that it printed
        throw new Error(`${this.name} ended before it was ready. It printed:\n${this.#output}`);
      }
      try {
        await ready();
        if (this.alive) return;
      } catch (error) {
        if (performance.now() > deadline) {
          this.killGroup();
          throw new Error(`${this.name} was not ready after ${timeoutMs} ms. It printed:\n${this.#output}`, {
            cause: error,
          });
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Names of all processes that still run; they are killed. */
export function killLeftovers(): string[] {
  const left = [...running];
  for (const child of left) child.killGroup();
  return left.map((child) => `${child.name} (${child.pid})`);
}

const isSetting = (name: string) => name === 'PORT' || /^KEYBIN_(?!TEST_)/.test(name);

function environmentWithoutSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isSetting(name)));
}

process.on('exit', killLeftovers);
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
] as const) {
  process.once(signal, () => process.exit(128 + number));
}
