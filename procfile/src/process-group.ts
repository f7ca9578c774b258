import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A command that is one program; `exec` must not stand before an assignment or itself, nor cut a list of commands in two. */
const oneProgram = /^(?!exec\b|\w+=)[^;&|(){}`\n]+$/;

/**
 * A command of a shell in a process group of its own: a signal reaches everything that the command started, and the signal of a
 * terminal reaches none of it by itself. A command that is one program takes the place of its shell, so its exit code counts.
 */
export class ProcessGroup {
  /** Resolves with the exit code (undefined: it was killed, or did not start) as soon as the command itself is gone. */
  readonly exited: Promise<number | undefined>;
  /** Resolves when nothing is left that could print. */
  readonly closed: Promise<void>;
  readonly #leader: ChildProcess;

  /** `print` is given each line of standard output and standard error. */
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

  /** Sends a signal to all that is left of the group. */
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
