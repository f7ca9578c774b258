import { expect } from 'chai';
import type { Bearer, Bearers } from '@keybin/shared/engines/scale-out/tokens/bearer.js';
import { TokenCheckedSteps } from '@keybin/shared/engines/scale-out/entries/token-checked-steps.js';
import { openDatabase, type Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { ScaleOutEntries } from '@keybin/shared/engines/scale-out/entries/entries.js';
import { PendingReads } from '@keybin/shared/engines/scale-out/entries/pending-reads.js';
import { StoredEntries } from '@keybin/shared/engines/scale-out/entries/stored-entries.js';
import { keyNotFound } from '@keybin/shared/errors.js';
import { allKeys } from '../../../world/all-keys.js';
import { services } from '../../../world/services/services.js';
import { storePlace } from '../../../world/services/store-settings.js';
import { applyAll } from '../../../world/scale-out/apply-all.js';
import { mongoFirst, type ReadSteps } from './mongo-first.js';
import { Staged, newBearer, put } from '../../../world/scale-out/staged.js';
import { patientTimes as times } from '../../../world/times.js';

/** Makes a worker apply and settle everything pending after each step. */
function withWorkerAfter({ pending, stored }: ReadSteps, work: () => Promise<void>): ReadSteps {
  return {
    pending: {
      read: async (...args) => pending.read(...args).finally(work),
      keys: async (...args) => pending.keys(...args).finally(work),
    },
    stored: {
      find: async (...args) => stored.find(...args).finally(work),
      findNewer: async (...args) => stored.findNewer(...args).finally(work),
      notYetStored: async (...args) => stored.notYetStored(...args).finally(work),
      async *keys(...args) {
        for await (const page of stored.keys(...args)) yield page;
        await work();
      },
    },
  };
}

describe('reading while a worker applies pending entries', () => {
  const given = services();
  let staged: Staged;
  let database: Database;
  let steps: ReadSteps;
  let bearer: Bearer;

  before(async () => {
    staged = await Staged.open(given.redisUrl);
    database = await openDatabase(storePlace(given));
    const plain = { pending: new PendingReads(0, staged.connection), stored: new StoredEntries(database) };
    steps = withWorkerAfter(plain, () => applyAll(given, 1));
  });
  after(async () => {
    await database?.close();
    await staged?.close();
  });

  beforeEach(async () => {
    await staged.redis.flushdb();
    bearer = newBearer();
    await staged.giveRecord(bearer);
    await staged.commits().accept(put(bearer, 'k', '1'));
  });

  function entriesOf(bearers: Bearers, { pending, stored }: ReadSteps): ScaleOutEntries {
    const partition = { commits: staged.commits(), entries: pending };
    return new ScaleOutEntries(new TokenCheckedSteps(bearers, [partition], times), stored);
  }

  const entriesBy = ({ pending, stored }: ReadSteps) =>
    entriesOf({ resolve: () => bearer, verify: async () => {} }, { pending, stored });

  it('shows an acknowledged value', async () => {
    expect(await entriesBy(steps).get('token', 'k')).to.equal('1');
    expect(await entriesBy(steps).get('token', 'k')).to.equal('1');
  });

  it('would miss it if MongoDB came first', async () => {
    const answer = await entriesBy(mongoFirst(steps))
      .get('token', 'k')
      .catch((error: unknown) => error);
    expect(answer).to.deep.include({ code: keyNotFound('k').code });
  });

  it('lists an acknowledged key', async () => {
    expect(await allKeys(entriesBy(steps), 'token')).to.deep.equal(['k']);
  });

  it('would miss the key if MongoDB came first', async () => {
    expect(await allKeys(entriesBy(mongoFirst(steps)), 'token')).to.deep.equal([]);
  });

  it('reads pending entries again after a token was verified', async () => {
    await staged.forget(bearer);
    const bearers = {
      resolve: () => bearer,
      // While MongoDB is asked for the token, another process fills its record and acknowledges a write
      verify: async () => {
        await staged.giveRecord(bearer);
        await staged.commits().accept(put(bearer, 'k', '2'));
      },
    };
    expect(await entriesOf(bearers, steps).get('token', 'k')).to.equal('2');
  });
});
