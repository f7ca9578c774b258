import { execFileSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { skipSuite } from '../skip-suite.js';
import { temporaryDirectory } from '../processes/temporary-directory.js';

/** A small file system for the surrounding suite. The suite is skipped if it may not be mounted. */
export class SmallDisk {
  readonly path = temporaryDirectory();
  readonly #ballast = join(this.path, 'ballast');
  #isMounted = false;

  /** Registers the hooks. */
  constructor(bytes: number) {
    const mount = () =>
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'none', this.path], { stdio: 'pipe' });
    before('a small disk', this.#beginOrSkip(mount));
    after('end of the small disk', () => {
      if (this.#isMounted) execFileSync('umount', [this.path], { stdio: 'pipe' });
    });
  }

  #beginOrSkip(mount: () => unknown): Mocha.Func {
    const mounted = () => (this.#isMounted = true);
    return function () {
      try {
        mount();
        mounted();
      } catch (error) {
        skipSuite(this, `no right to mount a small disk: ${String(error)}`);
      }
    };
  }

  /** Fills the file system and leaves `leaveBytes` free. */
  fill(leaveBytes: number): void {
    const { bavail, bsize } = statfsSync(this.path);
    writeFileSync(this.#ballast, Buffer.alloc(Math.max(bavail * bsize - leaveBytes, 0)));
  }

  /** Frees the space that `fill` took. */
  makeRoom(): void {
    rmSync(this.#ballast);
  }
}
