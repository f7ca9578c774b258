import { expect } from 'chai';
import type { Config } from '@keybin/shared/config/config.js';
import { MongoClient, type Collection, type Document } from 'mongodb';
import { ScaleOutAccounts, type AccountParts } from '@keybin/shared/engines/scale-out/accounts/accounts.js';
import { ErasureRecords } from '@keybin/shared/engines/scale-out/accounts/erasure-records.js';
import { ScaleOutIdentifyCodes } from '@keybin/shared/engines/scale-out/accounts/identify-codes.js';
import { FileDocuments } from '@keybin/shared/engines/scale-out/files/file-documents.js';
import { openDatabase, type Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { MongoTokenDocuments } from '@keybin/shared/engines/scale-out/tokens/token-documents.js';
import { eventually } from '../../../world/eventually.js';
import { startMongod, type MongoServer } from '../../../world/services/mongo-server.js';
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

/** Makes a replica set of one member. The stand-in for mongod is one at once, and does not know the command. */
async function initiate({ url, host, port }: MongoServer): Promise<void> {
  const client = new MongoClient(url, { directConnection: true });
  const set = { _id: 'rs', members: [{ _id: 0, host: `${host}:${port}` }] };
  const isPrimary = async () => (await client.db('admin').command({ hello: 1 }))['isWritablePrimary'] === true;
  try {
    await client
      .db('admin')
      .command({ replSetInitiate: set })
      .catch(() => {});
    await eventually(isPrimary, 'a primary');
  } finally {
    await client.close();
  }
}

interface ReadOptions {
  readonly readConcern: { readonly level: string };
}

/** Makes each decision about a token or an account once. Returns the levels at which documents were read for them. */
async function levelsOfDecisions(database: Database): Promise<string[]> {
  const levels: string[] = [];
  const observed = <D extends Document>(collection: Collection<D>) =>
    new Proxy(collection, {
      get(target, member) {
        const found: unknown = Reflect.get(target, member);
        if (typeof found !== 'function') return found;
        return (...args: unknown[]) => {
          if (member === 'findOne') levels.push((args[1] as ReadOptions).readConcern.level);
          return found.apply(target, args) as unknown;
        };
      },
    });
  const { bounded, decisive, counters } = database;
  const [users, tokens] = [observed(database.users), observed(database.tokens)];
  const [erasures, codes, files] = [observed(database.erasures), observed(database.codes), database.files];
  const parts = { users, tokens, erasures, codes, files, counters, bounded, decisive, times };
  const clock = { timeUs: Date.now() * 1_000 };
  const documents = new MongoTokenDocuments(parts);
  await documents.find('user', 'client');
  await documents.findByHash('hash');
  await documents.userExists('user', 0);
  await new ErasureRecords(parts).has('user');
  await new FileDocuments(parts).userExists('user');
  await new ScaleOutIdentifyCodes(parts, clock).check('name', 'hash').catch(() => {}); // there is none
  await new ScaleOutAccounts({ database: parts, clock } as unknown as AccountParts).find('name'); // it needs no other parts
  return levels;
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

  it('reads one document at a time what decides about tokens and accounts: linearizable on a replica set', async () => {
    const mongod = await startMongod({ args: ['--replSet', 'rs'] });
    await initiate(mongod);
    const replicated = await openDatabase(settings({ host: mongod.url }));
    const single = await openDatabase(settings());
    try {
      expect(await levelsOfDecisions(replicated)).to.deep.equal(Array(7).fill('linearizable'));
      expect(await levelsOfDecisions(single)).to.deep.equal(Array(7).fill('majority'));
    } finally {
      await Promise.all([replicated.close(), single.close()]);
      await mongod.stop();
    }
  });

  it('says in one line that MongoDB cannot be reached', async () => {
    const message = await refusal(() => openDatabase(settings({ host: 'mongodb://127.0.0.1:9/' }), 300));
    expect(message).to.match(/^UnreachableError: MongoDB cannot be used: .*ECONNREFUSED.*$/);
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
