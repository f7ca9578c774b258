import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { eventually } from '../../world/eventually.js';
import { preloaded } from '../../world/processes/preloaded.js';
import { programs } from '../../world/services/services.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { ownParts, type Parts } from '../../unit/embedded/parts.js';
import { closeStores } from '../../unit/embedded/store.js';

const program = fileURLToPath(new URL('./open-once.js', import.meta.url));

type How = 'service' | 'reader' | 'unlocked';

const openOnce = (directory: string, how: How, env: Readonly<Record<string, string>> = {}) =>
  promisify(execFile)(process.execPath, [program, directory, how], { env: { ...process.env, ...env } });

/**
 * Source of a library whose `mmap` waits at `hanging` for `go`. LMDB has then read the number of the last transaction
 * but not published it.
 */
const source = (hanging: string, go: string) => `
  int access(const char *, int); int creat(const char *, unsigned); int close(int); int usleep(unsigned);
  int snprintf(char *, unsigned long, const char *, ...); long readlink(const char *, char *, unsigned long);
  void *memmem(const void *, unsigned long, const void *, unsigned long); void *dlsym(void *, const char *);
  static int isData(int fd) {
    char link[32], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long length = readlink(link, path, sizeof path);
    return length > 0 && memmem(path, length, "/data.mdb", 9) != 0;
  }
  static void *mapped(const char *name, void *at, unsigned long length, int protection, int flags, int fd, long offset) {
    while (fd >= 0 && isData(fd) && access("${go}", 0)) {
      close(creat("${hanging}", 0600));
      usleep(1000);
    }
    return ((void *(*)(void *, unsigned long, int, int, int, long)) dlsym((void *) -1, name))(at, length, protection, flags, fd, offset);
  }
  void *mmap(void *a, unsigned long l, int p, int f, int d, long o) { return mapped("mmap", a, l, p, f, d, o); }
  void *mmap64(void *a, unsigned long l, int p, int f, int d, long o) { return mapped("mmap64", a, l, p, f, d, o); }
`;

const put = ({ writes, databases }: Parts, value: string) =>
  writes.apply(() => void databases.entries.put('key', value));

/**
 * Waits for `writes` acknowledged writes elsewhere, one after the other. This one would be acknowledged in that time.
 */
async function waitFor(writes: number): Promise<void> {
  const elsewhere = ownParts();
  for (let count = 0; count < writes; count++) await put(elsewhere, `${count}`);
}

/**
 * Writes while another process opens the directory. Returns the stored value, and true if the write was acknowledged
 * meanwhile.
 */
async function writeWhileOpening(how: How) {
  const directory = temporaryDirectory();
  const parts = ownParts(directory);
  await put(parts, 'before');
  const [hanging, go] = [join(temporaryDirectory(), 'hanging'), join(temporaryDirectory(), 'go')];
  const opening = openOnce(directory, how, preloaded(source(hanging, go)));
  await eventually(() => existsSync(hanging), 'the other process to open the directory');
  let answered = false;
  const write = put(parts, 'after').then(() => (answered = true));
  if (how === 'unlocked') await eventually(() => answered, 'the answer');
  else await waitFor(20);
  const answeredMeanwhile = answered;
  writeFileSync(go, '');
  await Promise.all([opening, write]);
  parts.databases.environment.resetReadTxn();
  return { answeredMeanwhile, stored: parts.databases.entries.get('key') };
}

/** Has `clients` write without a pause while `work` runs. */
async function whileWriting(
  { writes, databases }: Parts,
  clients: number,
  work: () => Promise<unknown>,
): Promise<void> {
  let done = false;
  const client = async (_: unknown, index: number) => {
    for (;;) {
      if (done) return;
      await writes.put(() => void databases.entries.put(`key${index}`, '1'));
    }
  };
  const writing = Promise.all(Array.from({ length: clients }, client));
  await work().finally(() => (done = true));
  await writing;
}

describe('embedded engine, the lock for opening a directory', () => {
  programs('gcc');
  afterEach(closeStores);

  for (const how of ['service', 'reader'] as const) {
    it(`makes a write wait until a ${how} has opened the directory, so that the write is kept`, async () => {
      expect(await writeWhileOpening(how)).to.deep.equal({ answeredMeanwhile: false, stored: 'after' });
    });
  }

  it('and without it LMDB would undo what is committed and acknowledged meanwhile', async () => {
    expect(await writeWhileOpening('unlocked')).to.deep.equal({ answeredMeanwhile: true, stored: 'before' });
  });

  for (const alone of [false, true]) {
    const whose = alone ? 'its own' : 'a shared';

    it(`is available to a reader while a process writes to ${whose} directory without a pause`, async () => {
      const directory = temporaryDirectory();
      await whileWriting(ownParts(directory, { alone }), 64, () => openOnce(directory, 'reader'));
    });
  }
});
