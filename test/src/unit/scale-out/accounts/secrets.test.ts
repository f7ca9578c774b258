import { expect } from 'chai';
import { openDatabase, type Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { ScaleOutSecrets } from '@keybin/shared/engines/scale-out/accounts/secrets.js';
import { services } from '../../../world/services/services.js';
import { storePlace } from '../../../world/services/store-settings.js';

describe('secrets of the scale-out engine', () => {
  const place = services();
  const databases: Database[] = [];

  before('two processes', async () => {
    for (let count = 0; count < 2; count++) databases.push(await openDatabase(storePlace(place)));
  });
  after(async () => {
    for (const database of databases) await database.close();
  });

  it('are the same in all processes, whichever asks first', async () => {
    for (let round = 0; round < 10; round++) {
      const ask = (index: number) => {
        const database = databases[index % 2];
        if (!database) throw new Error('there are two');
        return new ScaleOutSecrets(database).agree(`name ${round}`, `proposed ${index}`);
      };
      const agreed = await Promise.all(Array.from({ length: 8 }, (_, index) => ask(index)));
      expect(agreed[0]).to.match(/^proposed [0-7]$/);
      expect(new Set(agreed).size).to.equal(1);
      expect(await ask(8)).to.equal(agreed[0]);
    }
  });
});
