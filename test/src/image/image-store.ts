import { join } from 'node:path';
import { temporaryDirectory } from '../world/processes/temporary-directory.js';
import { runToEnd } from './run-to-end.js';

/** Images in a directory of their own, which goes with this process. */
export class ImageStore {
  readonly #directory = temporaryDirectory();

  /** Runs `buildah` on these images and returns its standard output. Throws with all that it printed if it fails. */
  buildah(...args: readonly string[]): Promise<string> {
    const [root, state] = ['storage', 'state'].map((name) => join(this.#directory, name));
    return runToEnd('buildah', [`--root=${root}`, `--runroot=${state}`, '--storage-driver=vfs', ...args]);
  }
}
