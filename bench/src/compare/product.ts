import { Child } from '@keybin/test/world/processes/child.js';
import { eventually } from '@keybin/test/world/eventually.js';
import { temporaryDirectory } from '@keybin/test/world/processes/temporary-directory.js';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const startTimeoutMs = 60_000;

type Settings = Readonly<Record<string, string>>;

/** A running API or worker. */
export interface Server {
  /** Base URL without a trailing slash. */
  readonly url: string;
  readonly child: Child;
}

/** The members of package.json that define how the programs are started. */
interface Manifest {
  readonly scripts: { readonly start: string; readonly 'start:worker': string };
  /** Missing since `bin/keybin` is a file of the repository. */
  readonly bin?: { readonly keybin: string };
}

/**
 * A built version of Keybin. Uses only its package.json, settings and HTTP, so it can be a version with another layout
 * of files.
 */
export class Product {
  readonly #manifest: Manifest;

  constructor(private readonly root: string) {
    this.#manifest = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as Manifest;
  }

  /** Starts an API as `npm start` does, on any free port. Resolves once it is ready. */
  startApi(settings: Settings): Promise<Server> {
    return this.#start('start', { KEYBIN_APP_PORT: '0', ...settings });
  }

  /** Starts a worker as `npm run start:worker` does. Resolves once it is ready. */
  startWorker(settings: Settings): Promise<Server> {
    return this.#start('start:worker', { KEYBIN_WORKER_PORT: '0', ...settings });
  }

  /** Starts `keybin` with these arguments. */
  command(args: readonly string[], env: Settings): Child {
    const { keybin = 'bin/keybin' } = this.#manifest.bin ?? {};
    return this.#spawn(`keybin ${args.join(' ')}`, [resolve(this.root, keybin), ...args], env);
  }

  async #start(script: keyof Manifest['scripts'], env: Settings): Promise<Server> {
    const child = this.#spawn(script, nodeArguments(this.#manifest.scripts[script], this.root), env);
    const ended = child.exited.then(() => {
      throw new Error(`${script} ended before it was ready. It printed:\n${child.output}`);
    });
    const ready = eventually(
      async () => {
        const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(child.output) ?? [];
        return url !== undefined && (await fetch(`${url}/readyz`)).ok && url;
      },
      `${script} to be ready`,
      startTimeoutMs,
    );
    return { url: await Promise.race([ready, ended]), child };
  }

  #spawn(name: string, args: readonly string[], env: Settings): Child {
    return new Child(name, process.execPath, args, { cwd: temporaryDirectory(), env });
  }
}

/** The version that this bench belongs to. */
export const workingTree = new Product(fileURLToPath(new URL('../../../', import.meta.url)));

/**
 * Returns the arguments of node in a script such as `exec node --option api/dist/main.js`, for any working directory.
 * Node is started without a shell, so the measured process is the one that was started.
 */
export function nodeArguments(script: string, root: string): string[] {
  const [, given] = /^(?:exec )?node (.+)$/.exec(script) ?? [];
  if (given === undefined) throw new Error(`package.json starts a program otherwise than with node: ${script}`);
  return given.split(' ').map((argument) => (argument.startsWith('-') ? argument : resolve(root, argument)));
}
