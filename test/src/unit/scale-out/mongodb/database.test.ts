import { expect } from 'chai';
import type { Config } from '@keybin/shared/config/config.js';
import { MongoClient } from 'mongodb';
import { openDatabase } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { services } from '../../../world/services/services.js';
import { storeSettings } from '../../../world/services/store-settings.js';
import { times } from '../../../world/times.js';

/** Returns the error with which opening fails, or undefined. */
async function refusal(open: () => ReturnType<typeof openDatabase>): Promise<string | undefined> {
  try {
    await (await open()).close();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

describe('the database of the scale-out engine', () => {
  const place = services();

  const settings = (changed: Partial<Config['store']> = {}) => ({
    store: { ...storeSettings(place), ...changed },
    times,
  });

  it('opens a database of its own again, and may be closed twice', async () => {
    const database = await openDatabase(settings());
    await database.users.deleteMany({});
    await database.close();
    await database.close();
    expect(await refusal(() => openDatabase(settings()))).to.equal(undefined);
  });

  for (const [collection, document] of [
    ['users', { username: 'ann', password: '$2b$12$hash', user_id: 'c0ffee' }],
    ['tokens', { token: '6f96', user_id: 'c0ffee', client_id: 'default', created_at: new Date(0) }],
    ['store', { key: 'colour', value: 'green', user_id: 'c0ffee' }],
  ] as const) {
    it(`refuses an original Keybin's ${collection}, names the command that takes them over, and changes nothing`, async () => {
      const database = `${place.database}_${collection}`;
      const client = new MongoClient(place.mongoUrl);
      try {
        await client.db(database).collection(collection).insertOne(Object.assign({}, document));
        const message = await refusal(() => openDatabase(settings({ database })));
        expect(message).to.include("'keybin migrate'").and.to.include(collection).and.not.include('\n');
        const indexes = await client.db(database).collection(collection).indexes();
        expect(indexes.map(({ name }) => name)).to.deep.equal(['_id_']);
      } finally {
        await client.db(database).dropDatabase();
        await client.close();
      }
    });
  }

  it('writes and reads by majority, from the primary, and sends nothing twice', async () => {
    const database = await openDatabase(settings());
    try {
      const collections = [database.store, database.users, database.tokens, database.counters, database.erasures];
      for (const { writeConcern, readConcern, readPreference } of collections) {
        expect(writeConcern).to.include({ w: 'majority' });
        expect(readConcern?.level).to.equal('majority');
        expect(readPreference?.mode).to.equal('primary');
      }
      expect(database.store.db.client.options).to.include({ retryWrites: false, retryReads: false });
    } finally {
      await database.close();
    }
  });

  it('says in one line that MongoDB cannot be reached', async () => {
    const message = await refusal(() => openDatabase(settings({ host: 'mongodb://127.0.0.1:9/' }), 300));
    expect(message).to.match(/^Error: MongoDB cannot be used: .*ECONNREFUSED.*$/);
  });

  it('lets MongoDB remove what has expired: tombstones after a day, tokens not before their expiry', async () => {
    const database = await openDatabase(settings());
    try {
      const lifetimes = [];
      for (const collection of [database.store, database.tokens]) {
        lifetimes.push((await collection.indexes()).find((index) => index.expireAfterSeconds)?.expireAfterSeconds);
      }
      expect(lifetimes).to.deep.equal([86_400, 3_600]);
    } finally {
      await database.close();
    }
  });
});
