import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { eventually } from '../eventually.js';
import { logsIn } from './running.js';
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
  readonly #printed = new EventEmitter();
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
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
        this.#printed.emit('more');
      });
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
    return logsIn(this.#output);
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

  /**
   * Resolves once its output matches, with the first group of the match. Kills it and throws what it printed if it ends before that, or
   * after `timeoutMs`.
   */
  async says(pattern: RegExp, timeoutMs = 60_000): Promise<string> {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), timeoutMs);
    try {
      for (;;) {
        const match = pattern.exec(this.#output);
        if (match) return match[1] ?? match[0];
        if (!this.alive) break;
        await Promise.race([once(this.#printed, 'more', { signal: timeout.signal }), this.exited]);
      }
    } catch {
      this.killGroup();
    } finally {
      clearTimeout(timer);
    }
    await this.exited; // only then is there all that it printed
    throw new Error(`${this.name} did not say ${pattern} within ${timeoutMs} ms. It printed:\n${this.#output}`);
  }
}

/** Kills all processes that still run, except for some. Returns their names. */
export function killLeftovers(spared: ReadonlySet<Child> = new Set()): string[] {
  const left = [...running].filter((child) => !spared.has(child));
  for (const child of left) child.killGroup();
  return left.map((child) => `${child.name} (${child.pid})`);
}

const isSetting = (name: string) => name === 'PORT' || /^KEYBIN_(?!TEST_)/.test(name);

function environmentWithoutSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isSetting(name)));
}

process.on('exit', () => killLeftovers());
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
] as const) {
  process.once(signal, () => process.exit(128 + number));
}
