import { Child } from '../world/processes/child.js';

/** Runs a program and returns its standard output. Throws with all that it printed if it fails. */
export async function runToEnd(program: string, args: readonly string[]): Promise<string> {
  const child = new Child(program, program, args);
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}. It printed:\n${child.output}`);
  return child.answer.trim();
}
