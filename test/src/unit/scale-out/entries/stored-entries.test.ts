import { expect } from 'chai';
import { deadlineIn } from '@keybin/shared/deadline.js';
import { openDatabase, type Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { StoredEntries } from '@keybin/shared/engines/scale-out/entries/stored-entries.js';
import { entryId } from '@keybin/shared/ids/entry-name.js';
import { services } from '../../../world/services/services.js';
import { storePlace } from '../../../world/services/store-settings.js';
import { patientTimes } from '../../../world/times.js';

describe('stored entries', () => {
  const given = services();
  let database: Database;

  before(async () => {
    database = await openDatabase(storePlace(given));
  });
  after(() => database?.close());

  it('are found in time next to a read that has no time left', async () => {
    await database.store.insertOne({ _id: entryId('user', 'k'), version: 1, value: '1' });
    const stored = new StoredEntries(database);
    const hurried = stored.find('user', 'k', performance.now()).catch(() => {});
    expect(await stored.find('user', 'k', deadlineIn(patientTimes.answerMs))).to.equal('1');
    await hurried;
  });

  it('are found if they are more and larger than one answer of MongoDB holds', async () => {
    const value = JSON.stringify('x'.repeat(1_000_000));
    const keys = Array.from({ length: 300 }, (_, index) => `k${index}`);
    const large = keys.slice(0, 40);
    await database.store.insertMany(large.map((key) => ({ _id: entryId('rich', key), version: 1, value })));
    const stored = new StoredEntries(database);
    const found = await Promise.all(keys.map((key) => stored.find('rich', key, deadlineIn(patientTimes.answerMs))));
    expect(found.map((json) => json === value)).to.deep.equal(keys.map((key) => large.includes(key)));
  });
});
