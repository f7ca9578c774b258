import type { Readable, Writable } from 'node:stream';
import { CommanderError } from 'commander';
import { ConfigError } from '@keybin/shared/config/config-error.js';
import { KeybinError } from '@keybin/shared/errors.js';
import { oneLine } from './command/one-line.js';
import { Output } from './command/output.js';
import { createProgram } from './program.js';

export const exitCodes = { done: 0, failed: 1, misused: 2 } as const;

/** All that a command line has of its process. */
export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  /** Without an encoding. */
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Aborted just before the process ends: the command removes what it has half done, and need not answer. */
  readonly signal?: AbortSignal;
}

/**
 * Runs one command line, `args` being what follows `keybin`. Returns the exit code: 0 done, 1 failed, 2 wrong usage or wrong
 * settings. An error is one line on standard error. Everything is closed by then, so that many may run in one process; but two must not have
 * one directory of the embedded engine open at the same time in one process.
 */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { environment, stdin, stderr, signal = new AbortController().signal } = surroundings;
  const stdout = new Output(surroundings.stdout);
  let code: number = exitCodes.done;
  const fail = () => (code = exitCodes.failed);
  try {
    await createProgram({ environment, stdin, stdout, stderr, signal, fail }).parseAsync(args, { from: 'user' });
  } catch (error) {
    code = reported(error, stderr);
  }
  const failure = await stdout.flush();
  // A reader that has seen enough, such as `head`, is no failure; a full disk is one
  if (!failure || failure.code === 'EPIPE') return code;
  stderr.write(`keybin: the answer could not be written: ${failure.message}\n`);
  return exitCodes.failed;
}

/** Says what went wrong. Returns the exit code. */
function reported(error: unknown, stderr: Writable): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.misused; // it has said why
  if (error instanceof ConfigError) {
    stderr.write(error.report);
    return exitCodes.misused;
  }
  stderr.write(`keybin: ${oneLine(reasonOf(error))}\n`);
  return exitCodes.failed;
}

/** What was away is said by the cause: the error's own message is for clients of the API. */
function reasonOf(error: unknown): string {
  const reason = error instanceof KeybinError && error.cause instanceof Error ? error.cause : error;
  return reason instanceof Error ? reason.message : String(reason);
}
