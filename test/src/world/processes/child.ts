import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { eventually } from '../eventually.js';
import type { NetworkHost } from '../network/network.js';
import { logsIn } from './running.js';
import { standsStill } from './runs.js';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface ChildOptions {
  readonly cwd?: string;
  /** Added to the test process's environment, which is passed on without settings of Keybin and of npm. */
  readonly env?: Readonly<Record<string, string>>;
  /** Host of a `Network` on which it runs. Default: this machine. */
  readonly at?: NetworkHost | undefined;
}

/** Time after SIGTERM until a process counts as hung. */
const stopTimeoutMs = 15_000;

/** Longest wait for the output of an ended process. Children that outlive it may hold its output open. */
const outputTimeoutMs = 1_000;

/** Running processes that this process started. None may outlive it, however it ends. */
const running = new Set<Child>();

/** A process that the tests started, with its output. It has its own process group, so its children end with it. */
export class Child {
  /** Resolves when the process has ended and its output has arrived. */
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  readonly #printed = new EventEmitter();
  #output = '';
  #answer = '';
  #errors = '';

  constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
    options: ChildOptions = {},
  ) {
    const [program = command, ...rest] = [...(options.at?.through ?? []), command, ...args];
    this.#process = spawn(program, rest, {
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
    this.#process.stdout?.on('data', (text: string) => (this.#answer += text));
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

  /** Returns the last lines of the output. */
  lastLines(count: number): string {
    return this.output.trimEnd().split('\n').slice(-count).join('\n');
  }

  /** Standard output and standard error together. */
  get output(): string {
    return this.#output;
  }

  /** Standard output only. */
  get answer(): string {
    return this.#answer;
  }

  /** Standard error only. */
  get errors(): string {
    return this.#errors;
  }

  /** The complete lines of the output that are JSON, as the log prints them. */
  get logs(): Record<string, unknown>[] {
    return logsIn(this.#output);
  }

  /** Closes the reading end of its output. */
  stopReading(): void {
    this.#process.stdout?.destroy();
    this.#process.stderr?.destroy();
  }

  /** Sends a signal. Waits for the end of the process after SIGKILL, and after SIGSTOP until no thread runs. */
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
      // it has just ended
    }
  }

  /**
   * Resolves once the output matches, with the first group of the match. If the process ends earlier, or after
   * `timeoutMs`, kills it and throws with its output.
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
    await this.exited; // its output is complete only then
    throw new Error(`${this.name} did not say ${pattern} within ${timeoutMs} ms. It printed:\n${this.#output}`);
  }
}

/** Kills all running processes except `spared`. Returns their names. */
export function killLeftovers(spared: ReadonlySet<Child> = new Set()): string[] {
  const left = [...running].filter((child) => !spared.has(child));
  for (const child of left) child.killGroup();
  return left.map((child) => `${child.name} (${child.pid})`);
}

/** npm passes its options on to an npm that it runs, such as not to run `prestart`. */
const isOfNpm = (name: string) => name.startsWith('npm_');

const isSetting = (name: string) => name === 'PORT' || /^KEYBIN_(?!TEST_)/.test(name);

function environmentWithoutSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isSetting(name) && !isOfNpm(name)));
}

process.on('exit', () => killLeftovers());
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
] as const) {
  process.once(signal, () => process.exit(128 + number));
}
