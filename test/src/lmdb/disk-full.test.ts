import { execFileSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '@keybin/shared/ports.js';
import { expect } from 'chai';
import { eventually } from '../world/eventually.js';
import { temporaryDirectory } from '../world/temporary-directory.js';
import { killPeers, Peer } from './peer.js';
import { closeStores, codeOf, newUser, ownStore } from './store.js';

const diskBytes = 16 * 2 ** 20;
const chunk = JSON.stringify('x'.repeat(100_000));

describe('LMDB engine, on a full disk', () => {
  let disk: string;
  let mounted = false;

  before(function () {
    disk = temporaryDirectory();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'none', disk], { stdio: 'pipe' });
      mounted = true;
    } catch (error) {
      console.warn('\n!!! SKIPPED: LMDB engine, on a full disk: no right to mount a small one', String(error));
      this.skip();
    }
  });

  afterEach(async () => {
    await killPeers();
    await closeStores();
  });

  after(() => {
    if (mounted) execFileSync('umount', [disk], { stdio: 'pipe' });
  });

  it('answers storage_full, serves what it has, and goes on writing when there is room again', async () => {
    const directory = join(disk, 'data');
    const engine = await ownStore(directory);
    const peer = await Peer.start(directory);
    const { token } = await newUser(engine);
    const ballast = join(disk, 'ballast');
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(ballast, Buffer.alloc(Math.max(bavail * bsize - 2 ** 20, 0)));

    const answered = await fill(engine, token);
    expect(await codeOf(engine.entries.put(token, 'one-more', chunk))).to.equal('storage_full');
    expect(await codeOf(peer.ask('put', token, 'one-more', chunk))).to.equal('storage_full');
    expect(await engine.entries.keys(token)).to.deep.equal([...answered].sort());
    for (const key of answered) expect(await engine.entries.get(token, key)).to.equal(chunk);
    expect(await peer.ask('get', token, answered[0] ?? '')).to.equal(chunk);

    rmSync(ballast);
    await eventually(async () => {
      await engine.entries.put(token, 'afterwards', chunk);
      return true;
    }, 'writes to go on');
    await peer.ask('put', token, 'theirs', chunk);
    expect(await engine.entries.keys(token)).to.deep.equal([...answered, 'afterwards', 'theirs'].sort());
    await closeStores();
    const again = await ownStore(directory);
    for (const key of answered) expect(await again.entries.get(token, key)).to.equal(chunk);
  });
});

/** Writes until the store says that it is full, several at once and then one by one; the keys that were answered. */
async function fill(engine: Engine, token: string): Promise<string[]> {
  const answered: string[] = [];
  for (const atOnce of [4, 1]) {
    for (let full = false; !full;) {
      const keys = Array.from({ length: atOnce }, (_, index) => `key${answered.length}-${index}-${atOnce}`);
      const codes = await Promise.all(keys.map((key) => codeOf(engine.entries.put(token, key, chunk))));
      answered.push(...keys.filter((_, index) => codes[index] === undefined));
      expect(codes.every((code) => code === undefined || code === 'storage_full')).to.equal(true);
      full = codes.includes('storage_full');
    }
  }
  return answered;
}
