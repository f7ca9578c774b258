import { CommanderError } from 'commander';
import { KeybinError } from '@keybin/shared/errors.js';
import { oneLine } from './one-line.js';
import { createProgram } from './program.js';

export const exitCodes = { done: 0, failed: 1, misused: 2 } as const;

/**
 * Runs one command line, `args` being what follows `keybin`. Answers the exit code: 0 done, 1 failed, 2 wrong usage or wrong
 * settings. An error is one line on standard error.
 */
export async function run(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  try {
    let code: number = exitCodes.done;
    const fail = () => (code = exitCodes.failed);
    await createProgram(environment, fail).parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.misused; // it has said why
    process.stderr.write(`keybin: ${oneLine(reasonOf(error))}\n`);
    return exitCodes.failed;
  }
}

/** What was away is said by the cause: the error's own message is for clients of the API. */
function reasonOf(error: unknown): string {
  const reason = error instanceof KeybinError && error.cause instanceof Error ? error.cause : error;
  return reason instanceof Error ? reason.message : String(reason);
}
