import { expect } from 'chai';
import { openDatabase, type Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { ScaleOutIdentifyCodes } from '@keybin/shared/engines/scale-out/accounts/identify-codes.js';
import { services } from '../../world/services/services.js';
import { storePlace } from '../../world/services/store-settings.js';
import { codesSuite, hashed, isRight, putCode, redeems } from './engine-suite.js';

describe('identify codes of the scale-out engine', () => {
  const place = services();
  const databases: Database[] = [];
  const hostClock = {
    get timeUs() {
      return Date.now() * 1_000;
    },
  };

  const codesOf = (at: number, clock: { readonly timeUs: number } = hostClock): ScaleOutIdentifyCodes => {
    const database = databases[at];
    if (!database) throw new Error('no database was opened');
    return new ScaleOutIdentifyCodes(database, clock);
  };

  before('two processes', async () => {
    for (let count = 0; count < 2; count++) databases.push(await openDatabase(storePlace(place)));
  });
  after(async () => {
    for (const database of databases) await database.close();
  });

  codesSuite({
    get here() {
      return { identifyCodes: codesOf(0) };
    },
    get there() {
      return { identifyCodes: codesOf(1) };
    },
  });

  it('expire to the millisecond in the time of Redis, whatever the time of this machine', async () => {
    const clock = { timeUs: (Date.now() - 86_400_000) * 1_000 };
    const codes = codesOf(0, clock);
    await putCode(codes, 'name', 'code', 600);
    clock.timeUs += 599_999_000;
    expect(await isRight(codes, 'name', 'code')).to.equal(true);
    clock.timeUs += 1_000;
    expect(await isRight(codes, 'name', 'code')).to.equal(false);
    expect(await redeems(codes, 'name', 'code')).to.equal(false);
  });

  it('differ if many are created for one name at once, and one of them is stored', async () => {
    const made = Array.from({ length: 16 }, (_, index) => `code ${index}`);
    await Promise.all(made.map((code, index) => putCode(codesOf(index % 2), 'wanted', code)));
    const stored = await databases[0]?.codes.findOne({ _id: 'wanted' });
    expect(made.map(hashed)).to.include(stored?.hash);
  });

  it('are removed by an index, an hour after they have expired', async () => {
    const indexes = await databases[0]?.codes.indexes();
    expect(indexes?.map(({ key, expireAfterSeconds }) => ({ key, expireAfterSeconds }))).to.deep.include({
      key: { expires_at: 1 },
      expireAfterSeconds: 3_600,
    });
  });
});
