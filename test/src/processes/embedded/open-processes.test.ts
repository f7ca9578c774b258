import { openDatabases } from '@keybin/shared/engines/embedded/lmdb/databases.js';
import { expect } from 'chai';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { times } from '../../world/times.js';
import { killPeers, Peer } from './peer.js';
import { closeStores, newUser, ownStore } from '../../unit/embedded/store.js';
import { allKeys } from '../../world/all-keys.js';

/** Values of `[APP] processes` for a process that has the directory alone, and for one that shares it. */
const alone = 1;
const shared = 2;

async function refusal(opening: Promise<unknown>): Promise<string> {
  return opening.then(
    () => 'opened',
    (error: Error) => error.message,
  );
}

describe('embedded engine, a directory that another process has open', () => {
  afterEach(async () => {
    await killPeers();
    await closeStores();
  });

  for (const [here, there] of [
    [alone, alone],
    [alone, shared],
    [shared, alone],
  ] as const) {
    it(`is refused if one has ${here} and the other ${there} processes, until the first exits`, async () => {
      const directory = temporaryDirectory();
      const first = await Peer.start(directory, here);
      await first.ask('open');
      const second = await Peer.start(directory, there);
      const message = await refusal(second.ask('open'));
      expect(message).to.match(/Cannot use .* as an LMDB store: process \d+ has it open[^\n]+\[APP\] processes/);
      expect(message).to.include(` ${first.pid} `);

      await first.kill();
      const third = await Peer.start(directory, there);
      expect(await refusal(third.ask('open'))).to.equal('opened');
    });
  }

  it('is refused after a while if that process is stopped in a transaction, and opened when it resumes', async () => {
    const directory = temporaryDirectory();
    const first = await Peer.start(directory, shared);
    await first.hold();
    expect(() => openDatabases(directory, true, { ...times, openLockMs: 100 })).to.throw(
      /^Cannot use .* as an LMDB store: another process has held its lock for 100 ms: [^\n]+$/,
    );
    first.signal('SIGCONT');
    expect(await refusal(ownStore(directory, shared))).to.equal('opened');
  });

  it('is opened by only one of many processes that require exclusive access at the same time', async () => {
    const directory = temporaryDirectory();
    const peers = await Promise.all(Array.from({ length: 5 }, () => Peer.start(directory, alone)));
    const outcomes = await Promise.all(peers.map((peer) => refusal(peer.ask('open'))));
    expect(outcomes.filter((outcome) => outcome === 'opened')).to.have.length(1);
  });

  it('stays claimed whatever the process does', async () => {
    const directory = temporaryDirectory();
    const engine = await ownStore(directory, alone);
    const { token, account } = await newUser(engine);
    await engine.entries.put(token, 'key', '1');
    await allKeys(engine.entries, token);
    await engine.accounts.erase(account);
    const peer = await Peer.start(directory, shared);
    expect(await refusal(peer.ask('open'))).to.include(` ${process.pid} `);
  });
});
