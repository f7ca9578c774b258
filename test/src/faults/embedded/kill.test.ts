import { expect } from 'chai';
import { eventually } from '../../world/eventually.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { killPeers, Peer } from '../../processes/embedded/peer.js';
import { count, ownParts, ownSweeper } from '../../unit/embedded/parts.js';
import { closeStores, newUser, openStore, ownStore } from '../../unit/embedded/store.js';
import { allKeys } from '../../world/all-keys.js';

const rounds = 5;

describe('embedded engine, killed with kill -9', () => {
  afterEach(async () => {
    await killPeers();
    await closeStores();
  });

  it('loses no acknowledged write, and the other processes continue', async () => {
    const directory = temporaryDirectory();
    const engine = await ownStore(directory);
    for (let round = 0; round < rounds; round++) {
      const { token } = await newUser(engine);
      const peer = await Peer.start(directory);
      peer.tell('write', token);
      const enough = Math.random() * 2_000;
      await eventually(() => peer.answered.length > enough, 'answered writes');
      await peer.kill();
      const stored = new Set(await allKeys(engine.entries, token));
      expect(peer.answered.filter((key) => !stored.has(key))).to.deep.equal([]);
      const last = peer.answered.at(-1) ?? '';
      expect(await engine.entries.get(token, last)).to.equal(JSON.stringify(last));
      await engine.entries.put(token, 'afterwards', '1');
    }
  });

  for (const processes of [1, 2]) {
    it(`has every acknowledged write after a restart, [APP] processes = ${processes}`, async () => {
      const directory = temporaryDirectory();
      const before = await openStore(directory, processes);
      const { token } = await newUser(before);
      await before.close();
      for (let round = 0; round < rounds; round++) {
        const peer = await Peer.start(directory, processes);
        peer.tell('write', token);
        const enough = 200 + Math.random() * 2_000;
        await eventually(() => peer.answered.length > enough, 'answered writes');
        await peer.kill();
        const engine = await openStore(directory, processes);
        const stored = new Set(await allKeys(engine.entries, token));
        expect(peer.answered.filter((key) => !stored.has(key))).to.deep.equal([]);
        const last = peer.answered.at(-1) ?? '';
        expect(await engine.entries.get(token, last)).to.equal(JSON.stringify(last));
        await engine.entries.put(token, 'afterwards', '1');
        await engine.close();
      }
    });
  }

  it('completes the erasure that it left unfinished', async () => {
    const directory = temporaryDirectory();
    const before = await openStore(directory);
    const { account, token } = await newUser(before);
    const keys = Array.from({ length: 20_000 }, (_, index) => `key${index}`);
    await Promise.all(keys.map((key) => before.entries.put(token, key, '1')));
    await before.close();
    const peer = await Peer.start(directory);
    // The peer kills itself, because the rest of the erasure would take it only some milliseconds
    await Promise.race([peer.ask('erase and die', JSON.stringify(account)), peer.ended()]);
    const parts = ownParts(directory);
    const { databases } = parts;
    expect(count(databases.entries), 'left by the killed process').to.be.greaterThan(0);
    ownSweeper(parts);
    await eventually(() => count(databases.entries) + count(databases.erasing) === 0, 'nothing left to erase');
  });
});
