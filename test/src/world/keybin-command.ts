import { fileURLToPath } from 'node:url';
import { Child } from './child.js';
import { temporaryDirectory } from './temporary-directory.js';

const main = fileURLToPath(new URL('../../../cli/bin/keybin.js', import.meta.url));

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
}

/** Starts `keybin` with these arguments. */
export function spawnKeybin(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = temporaryDirectory(),
): Child {
  return new Child(`keybin ${args.join(' ')}`, process.execPath, [main, ...args], { cwd, env });
}

/** Runs `keybin` with these arguments to its end, in a working directory of its own unless told otherwise. */
export async function keybin(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = temporaryDirectory(),
): Promise<CommandResult> {
  const fromMs = performance.now();
  const child = spawnKeybin(args, env, cwd);
  const { code } = await child.exited;
  const { errors: stderr } = child;
  return { code, stdout: child.output.replace(stderr, ''), stderr, tookMs: performance.now() - fromMs };
}

/** What it answers to `--json`. Throws when it fails. */
export async function keybinJson<T>(args: readonly string[], env: Readonly<Record<string, string>>): Promise<T> {
  const { code, stdout, stderr } = await keybin([...args, '--json'], env);
  if (code !== 0) throw new Error(`keybin ${args.join(' ')} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T; // the shapes are asserted in test/src/cli
}
