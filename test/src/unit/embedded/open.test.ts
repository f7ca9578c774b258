import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseLmdbUrl } from '@keybin/shared/engines/embedded/lmdb/lmdb-url.js';
import { expect } from 'chai';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { ownParts } from './parts.js';
import { killPeers, Peer } from '../../processes/embedded/peer.js';
import { closeStores, codeOf, newUser, openStore, ownStore } from './store.js';

async function refusal(directory: string): Promise<string> {
  try {
    const engine = await openStore(directory);
    await engine.close();
    return 'opened';
  } catch (error) {
    return (error as Error).message; // `openStore` throws it
  }
}

/** Runs `work` without root's rights, because root may read and write everything. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

describe('embedded engine, opening', () => {
  afterEach(async () => {
    await killPeers();
    await closeStores();
  });

  it('accepts a path relative to the working directory, or absolute', () => {
    expect(parseLmdbUrl('lmdb://./data')).to.equal(resolve('data'));
    expect(parseLmdbUrl('lmdb://data')).to.equal(resolve('data'));
    expect(parseLmdbUrl('lmdb:///var/lib/key#bin 1')).to.equal('/var/lib/key#bin 1');
    expect(() => parseLmdbUrl('lmdb://')).to.throw('does not name a directory');
  });

  it('creates the directory for its user only, and has the data after a restart', async () => {
    const directory = join(temporaryDirectory(), 'deep', 'data.v1');
    const first = await ownStore(directory);
    expect(statSync(directory).mode & 0o777).to.equal(0o700);
    expect(first.location).to.equal(directory);
    const { token } = await newUser(first, 'name');
    await first.entries.put(token, 'key', '"value"');
    await closeStores();
    const second = await ownStore(directory);
    expect(await second.entries.get(token, 'key')).to.equal('"value"');
    expect(await second.accounts.find('name')).to.include({ number: 1 });
  });

  it('refuses in one line a path that is a file', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    expect(await refusal(file)).to.match(/^Cannot use .*file as an LMDB store: .+$/);
    expect(await refusal(join(file, 'data'))).to.match(/^Cannot use .*data as an LMDB store: .+$/);
    expect(await refusal('/proc/keybin/data')).to.match(/^Cannot use .*data as an LMDB store: EN.+ '\/proc\/keybin'$/);
  });

  it('refuses in one line a directory with another program’s data', async () => {
    for (const content of ['something else'.repeat(1_000), 'short', Buffer.alloc(20_000)]) {
      const directory = temporaryDirectory();
      writeFileSync(join(directory, 'data.mdb'), content);
      expect(await refusal(directory)).to.match(/^Cannot use .* as an LMDB store: data.mdb is not an LMDB file$/);
    }
    for (const name of ['data.mdb', 'lock.mdb']) {
      const directory = temporaryDirectory();
      mkdirSync(join(directory, name));
      expect(await refusal(directory)).to.match(/^Cannot use .* as an LMDB store: .*.mdb is not a file$/);
    }
  });

  it('refuses in one line a directory that it may not write to', async () => {
    const parent = temporaryDirectory();
    const closed = join(parent, 'closed');
    mkdirSync(closed, { mode: 0o500 });
    const messages = await asNobody(() => Promise.all([refusal(closed), refusal(join(closed, 'data'))]));
    for (const message of messages) expect(message).to.match(/^Cannot use .* as an LMDB store: EACCES: [^\n]+$/);
  });

  it('refuses in one line the data of a later Keybin', async () => {
    const directory = temporaryDirectory();
    const { writes, databases } = ownParts(directory);
    await writes.apply(() => void databases.meta.put('format', '99'));
    await closeStores();
    expect(await refusal(directory)).to.match(/^Cannot use .* as an LMDB store: .*format 99.*$/);
  });

  it('migrates the data of format 1, in which no account could be found by its number', async () => {
    const directory = temporaryDirectory();
    const { account } = await newUser(await ownStore(directory));
    await closeStores();
    const { writes, databases } = ownParts(directory);
    await writes.apply(() => {
      void databases.numbers.remove(String(account.number));
      void databases.meta.put('format', '1');
    });
    await closeStores();
    const engine = await ownStore(directory);
    expect(await engine.accounts.findByNumber(account.number)).to.deep.equal(account);
  });

  it('migrates the data of format 2, and keeps out a version without files', async () => {
    const directory = temporaryDirectory();
    const { account, token } = await newUser(await ownStore(directory));
    await closeStores();
    const { writes, databases } = ownParts(directory);
    await writes.apply(() => void databases.meta.put('format', '2'));
    await closeStores();
    const engine = await ownStore(directory);
    expect(await engine.tokens.check(token)).to.equal(account.userId);
    await closeStores();
    expect(ownParts(directory).databases.meta.get('format')).to.equal('4');
  });

  it('migrates the data of format 3, which has no folded names', async () => {
    const directory = temporaryDirectory();
    await newUser(await ownStore(directory), 'Bob');
    await closeStores();
    const { writes, databases } = ownParts(directory);
    await writes.apply(() => {
      for (const key of databases.foldedNames.getKeys()) void databases.foldedNames.remove(key);
      void databases.meta.put('format', '3');
    });
    await closeStores();
    const { accounts } = await ownStore(directory);
    expect(await codeOf(accounts.create('bob', 'hash', { distinct: true }))).to.equal('account_exists');
  });

  it('does not raise the format while an older Keybin, which would not notice, has the directory open', async () => {
    const directory = temporaryDirectory();
    const peer = await Peer.start(directory);
    await peer.ask('open');
    const { writes, databases } = ownParts(directory);
    await writes.apply(() => void databases.meta.put('format', '2')); // as if the peer had written it
    await closeStores();
    expect(await refusal(directory)).to.match(/^Cannot use .* as an LMDB store: process \d+ of an older version .*$/);
    await peer.kill();
    await ownStore(directory);
  });

  it('closes twice, after the work in flight', async () => {
    const directory = temporaryDirectory();
    const engine = await openStore(directory);
    const { token } = await newUser(engine);
    const write = engine.entries.put(token, 'key', '1');
    await Promise.all([engine.close(), engine.close()]);
    await engine.close();
    await write;
    expect(await codeOf(engine.entries.get(token, 'key'))).to.equal('unavailable');
    expect(await codeOf(engine.entries.put(token, 'key', '1'))).to.equal('unavailable');
    const again = await ownStore(directory);
    expect(await again.entries.get(token, 'key')).to.equal('1');
  });
});
