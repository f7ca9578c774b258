import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { preloaded } from '../processes/preloaded.js';
import { temporaryDirectory } from '../processes/temporary-directory.js';

/**
 * Each sync waits as long as `hang` is there, or until it finds `pass`, and fails if it finds `refuse`; it takes both away. The log's
 * output is on another disk. A write that is synced by itself, as LMDB's of a root page, fails if it finds `refuseRoot`.
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

/** A disk that hangs, or refuses, as a process sees it that has `env` in its environment. */
export class FaultyDisk {
  readonly #files: Files;

  /** `directory` has what it is told; to tell it something from that process give it the same. */
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

  /** `gcc` must be on PATH. */
  get env(): Readonly<Record<string, string>> {
    return preloaded(source(this.#files));
  }

  /** From now on each sync waits for `goOn`. */
  hang(): void {
    rmSync(this.#files.hanging, { force: true });
    writeFileSync(this.#files.hang, '');
  }

  /** Whether a sync has waited since `hang`. */
  get isHanging(): boolean {
    return existsSync(this.#files.hanging);
  }

  goOn(): void {
    rmSync(this.#files.hang, { force: true });
  }

  /** Lets one sync through while it hangs. */
  passOne(): void {
    writeFileSync(this.#files.pass, '');
  }

  /** The next sync, or one that hangs, fails with an input/output error. */
  refuseOne(): void {
    writeFileSync(this.#files.refuse, '');
  }

  /** The next root page of LMDB that is written fails with an input/output error, after all of its transaction was synced. */
  refuseRoot(): void {
    writeFileSync(this.#files.refuseRoot, '');
  }

  /** Whether what `passOne` or `refuseOne` waits for has come. */
  get hasServed(): boolean {
    return !existsSync(this.#files.pass) && !existsSync(this.#files.refuse);
  }
}
