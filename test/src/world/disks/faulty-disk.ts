import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { preloaded } from '../processes/preloaded.js';
import { temporaryDirectory } from '../processes/temporary-directory.js';

/**
 * C source that replaces the functions for syncs. A sync waits while the file `hang` exists, unless it finds `pass` or
 * `refuse`. It fails if it finds `refuse`. It removes both files. Standard error and the log are not affected. A write
 * that is synced by itself, such as LMDB's write of a root page, fails if it finds `refuseRoot`.
 */
const source = ({ hang, hanging, pass, refuse, refuseRoot }: Files) => `
  int access(const char *, int); int unlink(const char *); int creat(const char *, unsigned); int close(int); int usleep(unsigned);
  void *dlsym(void *, const char *); int *__errno_location(void);
  static int synced(int fd, const char *name) {
    while (fd > 2 && access("${hang}", 0) == 0) {
      if (access("${hanging}", 0)) close(creat("${hanging}", 0600));
      if (access("${refuse}", 0) == 0 || unlink("${pass}") == 0) break;
      usleep(1000);
    }
    if (fd > 2 && unlink("${refuse}") == 0) { *__errno_location() = 5; return -1; }
    return ((int (*)(int)) dlsym((void *) -1, name))(fd);
  }
  int fcntl(int, int, ...);
  long pwrite64(int fd, const void *bytes, unsigned long length, long at) {
    const int getFlags = 3, syncsData = 010000;
    if ((fcntl(fd, getFlags) & syncsData) && unlink("${refuseRoot}") == 0) { *__errno_location() = 5; return -1; }
    return ((long (*)(int, const void *, unsigned long, long)) dlsym((void *) -1, "pwrite64"))(fd, bytes, length, at);
  }
  int fsync(int fd) { return synced(fd, "fsync"); }
  int fdatasync(int fd) { return synced(fd, "fdatasync"); }
`;

type Files = Readonly<Record<'hang' | 'hanging' | 'pass' | 'refuse' | 'refuseRoot', string>>;

/** A disk that hangs or fails, for a process that has `env` in its environment. */
export class FaultyDisk {
  readonly #files: Files;

  /**
   * Uses files in `directory` as commands. An instance with the same directory, also in another process, controls the
   * same disk.
   */
  constructor(readonly directory = temporaryDirectory()) {
    const file = (name: string) => join(directory, name);
    this.#files = {
      hang: file('hang'),
      hanging: file('hanging'),
      pass: file('pass'),
      refuse: file('refuse'),
      refuseRoot: file('refuse-root'),
    };
  }

  /** Environment of the process that uses the disk. `gcc` must be on PATH. */
  get env(): Readonly<Record<string, string>> {
    return preloaded(source(this.#files));
  }

  /** Makes each sync wait for `goOn`. */
  hang(): void {
    rmSync(this.#files.hanging, { force: true });
    writeFileSync(this.#files.hang, '');
  }

  /** True if a sync has waited since `hang`. */
  get isHanging(): boolean {
    return existsSync(this.#files.hanging);
  }

  goOn(): void {
    rmSync(this.#files.hang, { force: true });
  }

  /** Lets one sync through while the disk hangs. */
  passOne(): void {
    writeFileSync(this.#files.pass, '');
  }

  /** Makes the next sync, or a hanging one, fail with an input/output error. */
  refuseOne(): void {
    writeFileSync(this.#files.refuse, '');
  }

  /** Makes LMDB's next write of a root page fail with an input/output error, after its transaction was synced. */
  refuseRoot(): void {
    writeFileSync(this.#files.refuseRoot, '');
  }

  /** True if a sync has taken what `passOne` or `refuseOne` left for it. */
  get hasServed(): boolean {
    return !existsSync(this.#files.pass) && !existsSync(this.#files.refuse);
  }
}
