import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { loadConfig } from '@keybin/shared/config/load/load-config.js';
import { openStoreWriter } from '@keybin/shared/engines/open-engine.js';
import { createLog } from '@keybin/shared/process/log.js';
import { codeOf } from '../../embedded/store.js';
import { ownServices } from '../../../world/services/services.js';

describe('an import into the scale-out engine', function () {
  this.timeout(60_000); // servers start and end slowly on a busy machine
  const services = ownServices();
  const highest = { number: 7, version: 1 };
  const open = () => openStoreWriter(loadConfig(['--config', '/dev/null'], services.env), createLog({ debug: false }));

  it('that is interrupted at its start keeps the numbers of its accounts', async () => {
    const broken = await open();
    await services.redis.kill('SIGKILL');
    expect(await codeOf(broken.begin('an import', highest))).to.equal('unavailable');
    await broken.close();
    await services.redis.start();

    const next = await open();
    try {
      expect(await next.begin('an import', highest)).to.equal(0);
      expect(await next.begin('another', { ...highest, number: 3 })).to.equal(7);
      for (const name of ['an import', 'another']) await next.finish(name);
      expect(await next.begin('an import', highest)).to.equal(7);
      await next.finish('an import');
    } finally {
      await next.close();
    }
    const client = await MongoClient.connect(services.mongoUrl);
    try {
      const counters = client.db(services.database).collection<{ _id: string }>('counters');
      expect(await counters.findOne({ _id: 'accounts' })).to.deep.equal({ _id: 'accounts', last: 7, imports: {} });
    } finally {
      await client.close();
    }
  });
});
