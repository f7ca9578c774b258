import { Child } from '@keybin/test/world/processes/child.js';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Product } from './product.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A commit of this repository. */
export interface Revision {
  readonly commit: string;
  /** Abbreviated commit hash. */
  readonly short: string;
}

/** Returns the commit of a revision. Throws if git knows no such commit. */
export async function revisionOf(name: string): Promise<Revision> {
  const commit = await run('git', ['rev-parse', '--verify', '--end-of-options', `${name}^{commit}`], root);
  return { commit, short: commit.slice(0, 10) };
}

/** Describes the commit of the working tree, and notes if files differ from it. */
export const describeWorkingTree = (): Promise<string> =>
  run('git', ['describe', '--always', '--abbrev=10', '--dirty= with changes', '--exclude=*'], root);

/**
 * Checks out a commit into a temporary directory and builds it there. The directory is removed when this process ends.
 */
export async function buildRevision({ commit }: Revision): Promise<Product> {
  const directory = mkdtempSync(join(tmpdir(), 'keybin-bench-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));
  const archive = join(directory, 'archive.tar');
  const checkout = join(directory, 'keybin');
  mkdirSync(checkout);
  await run('git', ['archive', '--output', archive, commit], root);
  await run('tar', ['-xf', archive, '-C', checkout], directory);
  if (sameLock(checkout)) linkPackages(checkout);
  else await run('npm', ['ci', '--no-audit', '--no-fund', '--prefer-offline'], checkout);
  await run('npm', ['run', 'build'], checkout);
  return new Product(checkout);
}

function sameLock(checkout: string): boolean {
  const [ours, theirs] = [root, checkout].map((directory) => readFileSync(join(directory, 'package-lock.json')));
  return ours?.equals(theirs ?? Buffer.alloc(0)) ?? false;
}

/**
 * Links the installed packages of this tree. Relative links to the workspaces are copied, so they lead into the
 * checkout.
 */
function linkPackages(checkout: string): void {
  mkdirSync(join(checkout, 'node_modules'));
  for (const name of readdirSync(join(root, 'node_modules'))) {
    const [from, to] = [join(root, 'node_modules', name), join(checkout, 'node_modules', name)];
    if (name === '@keybin') cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    else symlinkSync(from, to);
  }
}

/** Runs a program and resolves with its output. The program ends with this process. */
async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  const child = new Child(program, program, args, { cwd });
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${child.output}`);
  return child.output.trim();
}
