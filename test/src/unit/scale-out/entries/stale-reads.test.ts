import { expect } from 'chai';
import { ObjectId } from 'mongodb';
import type { Bearer } from '@keybin/shared/engines/scale-out/tokens/bearer.js';
import { openDatabase, type Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { TokenCheckedSteps } from '@keybin/shared/engines/scale-out/entries/token-checked-steps.js';
import { ScaleOutEntries } from '@keybin/shared/engines/scale-out/entries/entries.js';
import { PendingReads } from '@keybin/shared/engines/scale-out/entries/pending-reads.js';
import { StaleReads } from '@keybin/shared/engines/scale-out/entries/stale-reads.js';
import { StoredEntries } from '@keybin/shared/engines/scale-out/entries/stored-entries.js';
import { MongoTokenDocuments } from '@keybin/shared/engines/scale-out/tokens/token-documents.js';
import { hashToken } from '@keybin/shared/engines/scale-out/tokens/token-index.js';
import { codeOf } from '../../embedded/store.js';
import { services } from '../../../world/services/services.js';
import { storePlace } from '../../../world/services/store-settings.js';
import { HoldingProxy } from '../../../world/scale-out/holding-proxy.js';
import { Staged, newBearer } from '../../../world/scale-out/staged.js';
import { times } from '../../../world/times.js';

const token = 'a token';

describe('a read that MongoDB answers late while stale reads are allowed', () => {
  const given = services();
  let proxy: HoldingProxy;
  let staged: Staged;
  let database: Database;
  let bearer: Bearer;

  before(async () => {
    proxy = await HoldingProxy.open(given.mongoUrl);
    staged = await Staged.open(given.redisUrl);
    const mongoUrl = `mongodb://127.0.0.1:${proxy.port}/`;
    database = await openDatabase(storePlace({ database: given.database, mongoUrl }));
    bearer = { ...newBearer(), tokenHash: hashToken(token) };
    await staged.giveRecord(bearer);
    const { userId, client, tokenHash } = bearer;
    const issued = { issued_at: new Date(), expires_at: new Date(Date.now() + 60_000), created_at: new Date() };
    await database.store.insertOne({ _id: `${userId}/k`, version: 1, value: '1' });
    await database.tokens.insertOne({ _id: `${userId}/c`, user_id: userId, client, hash: tokenHash, ...issued });
    await database.users.insertOne({
      _id: new ObjectId(),
      user_id: userId,
      number: 1,
      username: 'a',
      password: '',
      ...issued,
    });
  });
  after(async () => {
    await database?.close();
    await staged?.close();
    proxy?.close();
  });

  /** Returns true if the read was called stale. MongoDB answers only once Redis is asked if it is up. */
  async function isStale(redisAnswers: boolean): Promise<boolean> {
    const stored = new StoredEntries(database);
    const partition = { commits: staged.commits(), entries: new PendingReads(0, staged.connection) };
    const steps = new TokenCheckedSteps({ resolve: () => bearer, verify: async () => {} }, [partition], times);
    const reads = new StaleReads({
      exact: new ScaleOutEntries(steps, stored),
      probe: async () => {
        proxy.release();
        return redisAnswers ? staged.redis.ping() : Promise.reject(new Error('the rule is taken out'));
      },
      documents: new MongoTokenDocuments(database),
      clockOf: () => staged.connection,
      stored,
      times,
    });
    let stale = false;
    proxy.hold();
    expect(await reads.get(token, 'k', () => (stale = true))).to.equal('1');
    return stale;
  }

  it('is exact, because Redis was read', async () => {
    expect(await isStale(true)).to.equal(false);
  });

  it('would be marked stale if Redis were not checked first', async () => {
    expect(await isStale(false)).to.equal(true);
  });

  it('is refused with a token of which MongoDB knows that it has expired', async () => {
    const expired = new Date(Date.now() - 1_000); // not so long ago that MongoDB removes it
    await database.tokens.updateOne({ hash: bearer.tokenHash }, { $set: { expires_at: expired } });
    expect(await codeOf(isStale(false))).to.equal('expired_token');
  });
});
