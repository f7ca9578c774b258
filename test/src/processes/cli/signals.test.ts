import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { FileLock } from '@keybin/shared/engines/embedded/lmdb/file-lock.js';
import { eventually } from '../../world/eventually.js';
import { keybin, spawnKeybin } from '../../world/processes/keybin-command.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { times } from '../../world/times.js';

/** Returns the paths that a process has open. */
function openPaths(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory).map((name) => {
    try {
      return readlinkSync(join(directory, name));
    } catch {
      return ''; // closed meanwhile
    }
  });
}

describe('A signal to keybin', function () {
  this.timeout(60_000);

  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
    it(`ends it while it waits for a lock, without a word: ${signal}`, async () => {
      const directory = temporaryDirectory();
      const env = { KEYBIN_STORE_HOST: `lmdb://${directory}` };
      await keybin(['prepare'], env);
      const path = join(directory, 'open.lock');
      const lock = new FileLock(path, times);
      try {
        expect(lock.takeSync(0)).to.equal(true);
        const run = spawnKeybin(['user', 'list'], env);
        await eventually(() => openPaths(run.pid).includes(path), 'the command to ask for the lock');
        await run.kill(signal);
        expect(await run.exited).to.deep.equal({ code: null, signal });
        expect(run.output).to.equal('');
      } finally {
        lock.close();
      }
    });
  }
});
