import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { run } from '@keybin/cli/run.js';
import { Child } from './child.js';
import { temporaryDirectory } from './temporary-directory.js';

type Env = Readonly<Record<string, string>>;

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A stream that keeps everything written to it. */
export class Written extends Writable {
  text = '';

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += bytes.toString();
    done();
  }
}

/**
 * Runs `keybin` in this process, with the default settings unless `env` or `--config` has others. The same directory of
 * the embedded engine may be open in another process (`spawnApi`), but not in this one.
 */
export async function keybin(args: readonly string[], env: Env = {}): Promise<CommandResult> {
  const [stdout, stderr] = [new Written(), new Written()];
  const withFile = args.includes('--config') ? args : ['--config', '/dev/null', ...args];
  const code = await run(withFile, { environment: env, stdin: Readable.from([]), stdout, stderr });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** Runs `keybin --json` and returns the parsed result. Throws if the command fails. */
export async function keybinJson<T>(args: readonly string[], env: Env): Promise<T> {
  const { code, stdout, stderr } = await keybin([...args, '--json'], env);
  if (code !== 0) throw new Error(`keybin ${args.join(' ')} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T; // shapes are asserted in test/src/cli
}

export const keybinScript = fileURLToPath(new URL('../../../../cli/bin/keybin.js', import.meta.url));

/** Starts `keybin` as a process, for tests of signals and pipes. */
export function spawnKeybin(args: readonly string[], env: Env = {}): Child {
  const options = { cwd: temporaryDirectory(), env };
  return new Child(`keybin ${args.join(' ')}`, process.execPath, [keybinScript, ...args], options);
}
