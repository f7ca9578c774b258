import { expect } from 'chai';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { killPeers, Peer } from './peer.js';
import { closeStores, codeOf, newToken, newUser, ownStore } from '../../unit/embedded/store.js';
import { allKeys } from '../../world/all-keys.js';

async function pair() {
  const directory = temporaryDirectory();
  const engine = await ownStore(directory);
  return { engine, peer: await Peer.start(directory), ...(await newUser(engine)) };
}

describe('embedded engine, two processes in one directory', () => {
  afterEach(async () => {
    await killPeers();
    await closeStores();
  });

  it('read each other’s acknowledged writes at once', async () => {
    const { engine, peer, token } = await pair();
    let stale = 0;
    const readEachOther = async (lane: number) => {
      for (let round = 0; round < 100; round++) {
        const json = String(round);
        await peer.ask('put', token, `theirs${lane}`, json);
        if ((await engine.entries.get(token, `theirs${lane}`)) !== json) stale++;
        await engine.entries.put(token, `ours${lane}`, json);
        if ((await peer.ask('get', token, `ours${lane}`)) !== json) stale++;
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, lane) => readEachOther(lane)));
    expect(stale, 'stale reads of 3,200').to.equal(0);
  });

  it('no longer see a key that the other one deleted', async () => {
    const { engine, peer, token } = await pair();
    for (let round = 0; round < 100; round++) {
      await engine.entries.put(token, 'key', '1');
      await peer.ask('delete', token, 'key');
      expect(await codeOf(engine.entries.get(token, 'key'))).to.equal('key_not_found');
      expect(await allKeys(engine.entries, token)).to.deep.equal([]);
    }
  });

  it('refuse a token at once that the other replaced or revoked', async () => {
    const { engine, peer, account } = await pair();
    for (let round = 0; round < 50; round++) {
      const old = await newToken(engine, account, { clientId: 'laptop' });
      expect(await peer.ask('check', old)).to.equal(account.userId);
      const next = await newToken(engine, account, { clientId: 'laptop' });
      expect(await codeOf(peer.ask('check', old))).to.equal('invalid_token');
      await engine.tokens.check(next);
      await peer.ask('revoke', next);
      expect(await codeOf(engine.tokens.check(next))).to.equal('invalid_token');
    }
  });

  it('refuse the token and free the name of an account at once that the other one erased', async () => {
    const { engine, peer } = await pair();
    for (let round = 0; round < 50; round++) {
      const { account, token } = await newUser(engine, 'name');
      await engine.entries.put(token, 'key', '1');
      await peer.ask('erase', JSON.stringify(account));
      expect(await codeOf(engine.entries.get(token, 'key'))).to.equal('invalid_token');
      expect(await codeOf(engine.entries.put(token, 'key', '2'))).to.equal('invalid_token');
      expect(await engine.accounts.find('name')).to.equal(undefined);
    }
  });

  it('create only one account per name, and assign increasing numbers', async () => {
    const { engine, peer } = await pair();
    const names = Array.from({ length: 20 }, (_, index) => `name${index}`);
    const numbers: number[] = [];
    for (const name of names) {
      const both = [engine.accounts.create(name, 'hash'), peer.ask('create', name)];
      const outcomes = await Promise.allSettled(both);
      expect(outcomes.map(({ status }) => status).sort()).to.deep.equal(['fulfilled', 'rejected']);
      const account = await engine.accounts.find(name);
      numbers.push(account?.number ?? 0);
    }
    expect(numbers).to.deep.equal([...numbers].sort((a, b) => a - b));
    expect(new Set(numbers).size).to.equal(numbers.length);
  });

  it('agree on one secret per name, whichever asks first', async () => {
    const { engine, peer } = await pair();
    for (let round = 0; round < 20; round++) {
      const name = `name${round}`;
      const agreed = await Promise.all([engine.secrets.agree(name, 'ours'), peer.ask('agree', name, 'theirs')]);
      expect(['ours', 'theirs']).to.include(agreed[0]);
      expect(agreed[1]).to.equal(agreed[0]);
      expect(await engine.secrets.agree(name, 'later')).to.equal(agreed[0]);
    }
  });
});
