import type { Readable, Writable } from 'node:stream';
import { CommanderError } from 'commander';
import { ConfigError } from '@keybin/shared/config/config-error.js';
import { messageOf } from '@keybin/shared/errors.js';
import type { Context } from './command/context.js';
import { oneLine } from './command/one-line.js';
import { Output } from './command/output.js';
import { createProgram } from './program.js';

export const exitCodes = { done: 0, failed: 1, misused: 2 } as const;

/** Everything that a command line uses of its process. */
export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  /** Stream without an encoding. */
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly cleanUpAtSignal?: Context['cleanUpAtSignal'];
}

/**
 * Runs one command line. `args` follow the word `keybin`. Returns the exit code: 0 done, 1 failed, 2 wrong usage or
 * wrong settings. An error is one line on standard error. Everything is closed when it returns, so one process may run
 * many commands. Two of them must not have the same directory of the embedded engine open at the same time.
 */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { environment, stdin, stderr, cleanUpAtSignal = () => () => {} } = surroundings;
  const stdout = new Output(surroundings.stdout);
  let code: number = exitCodes.done;
  const fail = () => (code = exitCodes.failed);
  try {
    await createProgram({ environment, stdin, stdout, stderr, cleanUpAtSignal, fail }).parseAsync(args, {
      from: 'user',
    });
  } catch (error) {
    code = reported(error, stderr);
  }
  const failure = await stdout.flush();
  // A reader that closes the pipe early, such as `head`, is no failure. A full disk is one.
  if (!failure || failure.code === 'EPIPE') return code;
  stderr.write(`keybin: the output could not be written: ${failure.message}\n`);
  return exitCodes.failed;
}

/** Prints the error. Returns the exit code. */
function reported(error: unknown, stderr: Writable): number {
  // Commander has printed the error
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.misused;
  if (error instanceof ConfigError) {
    stderr.write(error.report);
    return exitCodes.misused;
  }
  stderr.write(`keybin: ${oneLine(messageOf(error))}\n`);
  return exitCodes.failed;
}
