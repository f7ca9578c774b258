import { expect } from 'chai';
import { longestAnswerMs } from '../../world/answer-time.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { killPeers, Peer } from '../../processes/embedded/peer.js';
import { times } from '../../world/times.js';
import { closeStores, codeOf, newUser, ownStore } from '../../unit/embedded/store.js';
import { allKeys } from '../../world/all-keys.js';

async function locked() {
  const directory = temporaryDirectory();
  const engine = await ownStore(directory, 2, times);
  const user = await newUser(engine);
  await engine.entries.put(user.token, 'key', '"before"');
  await engine.secrets.agree('secret', 'agreed');
  const peer = await Peer.start(directory);
  await peer.hold();
  return { engine, peer, ...user };
}

describe('embedded engine, while a stopped process holds the write lock', () => {
  afterEach(async () => {
    await killPeers();
    await closeStores();
  });

  it('returns 503 for writes within 2 s, serves reads, and resumes afterwards without the refused writes', async () => {
    const { engine, peer, token, account } = await locked();
    const startedAt = performance.now();
    const writes = [
      engine.entries.put(token, 'key', '"refused"'),
      engine.entries.delete(token, 'key'),
      engine.tokens.revoke(token),
      engine.accounts.erase(account),
      engine.accounts.create('name', 'hash'),
    ];
    const codes = await Promise.all(writes.map(codeOf));
    expect(new Set(codes)).to.deep.equal(new Set(['unavailable']));
    expect(performance.now() - startedAt).to.be.within(1_000, longestAnswerMs);
    expect(await engine.entries.get(token, 'key')).to.equal('"before"');
    const later = codeOf(engine.entries.put(token, 'other', '1'));
    expect(await allKeys(engine.entries, token)).to.deep.equal(['key']);
    expect(await later).to.equal('unavailable');

    peer.signal('SIGCONT');
    await engine.entries.put(token, 'last', '1');
    expect(await engine.entries.get(token, 'key')).to.equal('"before"');
    expect(await allKeys(engine.entries, token)).to.deep.equal(['key', 'last']);
    expect(await engine.accounts.find('name')).to.equal(undefined);
  });

  it('returns the stored secrets at once, so that a process can start', async () => {
    const { engine } = await locked();
    const startedAt = performance.now();
    expect(await engine.secrets.agree('secret', 'another')).to.equal('agreed');
    expect(performance.now() - startedAt).to.be.below(1_000);
  });

  it('takes over the lock when that process dies', async () => {
    const { engine, peer, token } = await locked();
    const waiting = engine.entries.put(token, 'key', '"after"');
    await peer.kill();
    await waiting;
    expect(await engine.entries.get(token, 'key')).to.equal('"after"');
  });
});
