import { Child, killLeftovers } from '@keybin/test/world/processes/child.js';
import { removeTemporaryDirectories } from '@keybin/test/world/processes/temporary-directory.js';
import { fileURLToPath } from 'node:url';
import type { Target } from './load/http-load.js';
import type { Product } from './compare/product.js';

/**
 * One measurement of a row: the measured version, and everything that the row has opened. Processes and directories
 * come from the tests' world.
 */
export class Scene {
  readonly #closers: (() => unknown)[] = [];

  constructor(readonly product: Product) {}

  /** Calls `close` at the end of the row. */
  defer(close: () => unknown): void {
    this.#closers.push(close);
  }

  /** Closes everything that was opened, kills every process that was started and removes their data. */
  async close(): Promise<void> {
    for (const close of this.#closers.toReversed()) await close();
    killLeftovers();
    removeTemporaryDirectories();
  }
}

/** Starts the bare Koa server that the rows of the API are compared with. */
export async function startYardstick(): Promise<Target> {
  const child = new Child('yardstick', process.execPath, [
    fileURLToPath(new URL('yardsticks/yardstick.js', import.meta.url)),
  ]);
  const address = await child.says(/(http\S+)\n/);
  return { pid: child.pid, url: `${address}/user/nobody/store/` };
}
