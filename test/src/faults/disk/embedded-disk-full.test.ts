import { join } from 'node:path';
import type { Engine } from '@keybin/shared/ports/engine.js';
import { expect } from 'chai';
import { eventually } from '../../world/eventually.js';
import { spawnApi } from '../../world/processes/keybin-process.js';
import { SmallDisk } from '../../world/disks/small-disk.js';
import { killPeers, Peer } from '../../processes/embedded/peer.js';
import { closeStores, codeOf, newUser, openStore, ownStore } from '../../unit/embedded/store.js';
import { allKeys } from '../../world/all-keys.js';

const diskBytes = 16 * 2 ** 20;
const chunk = JSON.stringify('x'.repeat(100_000));

describe('embedded engine, on a full disk', () => {
  const disk = new SmallDisk(diskBytes);

  afterEach(async () => {
    await killPeers();
    await closeStores();
  });

  it('returns storage_full, serves reads, and resumes writes once there is space', async () => {
    const directory = join(disk.path, 'shared');
    const engine = await ownStore(directory);
    const peer = await Peer.start(directory);
    const { token } = await newUser(engine);
    disk.fill(2 ** 20);

    const answered = await fill(engine, token);
    expect(await codeOf(engine.entries.put(token, 'one-more', chunk))).to.equal('storage_full');
    expect(await codeOf(peer.ask('put', token, 'one-more', chunk))).to.equal('storage_full');
    expect(await allKeys(engine.entries, token)).to.deep.equal([...answered].sort());
    for (const key of answered) expect(await engine.entries.get(token, key)).to.equal(chunk);
    expect(await peer.ask('get', token, answered[0] ?? '')).to.equal(chunk);

    disk.makeRoom();
    await eventually(async () => {
      await engine.entries.put(token, 'afterwards', chunk);
      return true;
    }, 'writes to go on');
    await peer.ask('put', token, 'theirs', chunk);
    expect(await allKeys(engine.entries, token)).to.deep.equal([...answered, 'afterwards', 'theirs'].sort());
    await closeStores();
    const again = await ownStore(directory);
    for (const key of answered) expect(await again.entries.get(token, key)).to.equal(chunk);
  });

  it('does so in a process of its own, where each answer belongs to its own transaction', async () => {
    const directory = join(disk.path, 'alone');
    const engine = await ownStore(directory, 1);
    const { token } = await newUser(engine);
    disk.fill(2 ** 20);

    const answered = await fill(engine, token, 64);
    const small = Array.from({ length: 64 }, (_, index) => `small-${index}`);
    const codes = await Promise.all(small.map((key) => codeOf(engine.entries.put(token, key, '1'))));
    answered.push(...small.filter((_, index) => codes[index] === undefined));
    expect(codes.filter((code) => code !== undefined && code !== 'storage_full')).to.deep.equal([]);
    expect(await allKeys(engine.entries, token)).to.deep.equal([...answered].sort());

    disk.makeRoom();
    await eventually(async () => {
      await engine.entries.put(token, 'afterwards', chunk);
      return true;
    }, 'writes to go on');
    await closeStores();
    const again = await ownStore(directory, 1);
    expect(await allKeys(again.entries, token)).to.deep.equal([...answered, 'afterwards'].sort());
  });

  it('is not opened, and one line says so', async () => {
    const directory = join(disk.path, 'filled');
    await (await openStore(directory)).close();
    disk.fill(0);
    const refused = await spawnApi({ env: { KEYBIN_STORE_HOST: `lmdb://${directory}` } }).catch(String);
    expect(refused).to.include(`Keybin cannot start: Cannot use ${directory}`).and.include('No space left on device');
    disk.makeRoom();
    await (await openStore(directory)).close();
  });
});

/** Writes until the store is full, concurrently and then one by one. Returns the acknowledged keys. */
async function fill(engine: Engine, token: string, most = 4): Promise<string[]> {
  const answered: string[] = [];
  for (const atOnce of [most, 1]) {
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
