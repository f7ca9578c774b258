import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * Pattern of a command that is one program. `exec` must not precede an assignment or another `exec`, nor split a list
 * of commands.
 */
const oneProgram = /^(?!exec\b|\w+=)[^;&|(){}`\n]+$/;

/**
 * Shell command in a process group of its own. A signal reaches everything that the command started. A terminal's
 * signal reaches none of it by itself. A command that is one program replaces its shell, so its exit code counts.
 */
export class ProcessGroup {
  /**
   * Resolves with the exit code as soon as the command itself has ended; `undefined` if it was killed or did not start.
   */
  readonly exited: Promise<number | undefined>;
  /** Resolves when nothing is left that could print. */
  readonly closed: Promise<void>;
  readonly #leader: ChildProcess;

  /** Starts the command. `print` is given each line of standard output and standard error. */
  constructor(command: string, print: (line: string) => void) {
    const line = oneProgram.test(command) ? `exec ${command}` : command;
    const leader = spawn('/bin/sh', ['-c', line], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const input of [leader.stdout, leader.stderr]) createInterface({ input }).on('line', print);
    this.closed = closed(leader, print);
    this.exited = once(leader, 'exit').then(
      ([code]: unknown[]) => (typeof code === 'number' ? code : undefined),
      () => undefined,
    );
    this.#leader = leader;
  }

  /** Sends a signal to all processes left in the group. */
  signal(signal: NodeJS.Signals): void {
    if (this.#leader.pid === undefined) return;
    try {
      process.kill(-this.#leader.pid, signal);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error; // none is left
    }
  }
}

async function closed(child: ChildProcess, print: (line: string) => void): Promise<void> {
  try {
    await once(child, 'close');
  } catch (error) {
    print(String(error));
  }
}
