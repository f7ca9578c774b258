import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FileLock } from '@keybin/shared/engines/embedded/lmdb/file-lock.js';
import { expect } from 'chai';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { times } from '../../world/times.js';
import { codeOf } from '../../unit/embedded/store.js';

const nothing = () => {};

/** Returns work that ends when told to. */
function work() {
  let end = nothing;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return { do: () => ended, end };
}

describe('a lock on a file', () => {
  let locks: FileLock[];
  let own: FileLock;
  let others: FileLock;

  beforeEach(() => {
    const path = join(temporaryDirectory(), 'lock');
    // As in two processes: the system tells the locks apart by their descriptors
    locks = [new FileLock(path, times), new FileLock(path, times)];
    [own, others] = locks as [FileLock, FileLock];
  });

  afterEach(() => {
    for (const lock of locks) lock.close();
  });

  it('is shared by the work of one process, and goes to another process when all that work has ended', async () => {
    const [first, second] = [work(), work()];
    const held = [own.hold(first.do), own.hold(second.do)];
    expect(others.takeSync(0)).to.equal(false);
    first.end();
    await held[0];
    expect(others.takeSync(0)).to.equal(false);
    second.end();
    await held[1];
    expect(others.takeSync(0)).to.equal(true);
  });

  it('is waited for until the other process releases it, or exits', async () => {
    for (const letGo of [() => others.release(), () => locks.pop()?.close()]) {
      expect(others.takeSync(0)).to.equal(true);
      let isHeld = false;
      const waiting = own.hold(async () => (isHeld = true));
      await nextTurn();
      expect(isHeld).to.equal(false);
      letGo();
      await waiting;
    }
  });

  it('is released to others in between, even if there is always work', async () => {
    let done = false;
    let last = Promise.resolve();
    const link = () =>
      own.hold(async () => {
        await nextTurn();
        if (!done) last = link(); // begins while this one holds the lock
        await nextTurn();
      });
    last = link();
    while (!others.takeSync(0)) await nextTurn();
    done = true;
    others.release();
    await last;
  });

  it('fails with the error of the system', async () => {
    own.close();
    expect(await codeOf(own.hold(async () => {}))).to.equal('EBADF');
    locks.shift();
  });
});
