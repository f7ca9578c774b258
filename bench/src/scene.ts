import { Child, killLeftovers } from '@keybin/test/world/child.js';
import { fileURLToPath } from 'node:url';
import type { Target } from './http-load.js';

/** What one row has opened. Processes and directories are those of the tests' world, which end with this process in any case. */
export class Scene {
  readonly #closers: (() => unknown)[] = [];

  /** Has `close` called at the end of the row. */
  defer(close: () => unknown): void {
    this.#closers.push(close);
  }

  /** Closes all that was opened and kills every process that was started. */
  async close(): Promise<void> {
    for (const close of this.#closers.toReversed()) await close();
    killLeftovers();
  }
}

/** Starts the bare Koa server that rows of the API are compared with. */
export async function startYardstick(): Promise<Target> {
  const child = new Child('yardstick', process.execPath, [fileURLToPath(new URL('yardstick.js', import.meta.url))]);
  const address = await child.says(/(http\S+)\n/);
  return { pid: child.pid, url: `${address}/user/nobody/store/` };
}
