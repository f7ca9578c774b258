import { expect } from 'chai';
import { openDatabase, type Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { PendingReads } from '@keybin/shared/engines/scale-out/entries/pending-reads.js';
import { PartitionedConnections } from '@keybin/shared/engines/scale-out/redis/partitioned-redis.js';
import { openRedisTopology } from '@keybin/shared/engines/scale-out/redis/redis-topology.js';
import { MongoEpochNumbers } from '@keybin/shared/engines/scale-out/ownership/epoch-numbers.js';
import { agreeOnPartitions } from '@keybin/shared/engines/scale-out/ownership/partitions.js';
import { queueIdOf } from '@keybin/shared/engines/scale-out/ownership/queue-id.js';
import { partitionOf } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { startApi, startWorker } from '../../../world/processes/keybin-service.js';

import { services } from '../../../world/services/services.js';
import { storePlace } from '../../../world/services/store-settings.js';
import { times } from '../../../world/times.js';
import { applyAll } from '../../../world/scale-out/apply-all.js';
import { Staged, newBearer, put, silent } from '../../../world/scale-out/staged.js';

describe('the number of partitions', () => {
  it('spreads accounts evenly, and always maps one to the same partition', () => {
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 4_000; i++) {
      const partition = partitionOf(`account ${i}`, 4);
      expect(partitionOf(`account ${i}`, 4)).to.equal(partition);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    for (const count of counts) expect(count).to.be.within(850, 1_150);
  });

  describe('that processes must agree on', () => {
    const given = services();
    let staged: Staged;
    let database: Database;
    let queueId: string;

    before(async () => {
      database = await openDatabase(storePlace(given));
      queueId = await queueIdOf(database);
      staged = await Staged.open(given.redisUrl, 2, queueId);
    });
    after(async () => {
      await database?.close();
      await staged?.close();
    });
    beforeEach(async () => {
      await staged.redis.flushdb();
      await database.settings.deleteMany({ _id: 'partitions' });
    });

    const connect = (count: number) =>
      new PartitionedConnections(openRedisTopology(given.redisUrl, undefined, times), count, silent, {
        queueId,
        times,
        epochs: new MongoEpochNumbers(database.counters, {}),
      });
    const claim = async (partitions: number) => {
      try {
        await agreeOnPartitions(database.settings, partitions, connect, times.openMs);
        return 'claimed';
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    };

    it('is set by the first one, and can be replaced when nothing is pending', async () => {
      expect(await Promise.all([claim(3), claim(3)])).to.deep.equal(['claimed', 'claimed']);
      expect(await claim(1)).to.equal('claimed');
      expect(await claim(5)).to.equal('claimed');
    });

    it('revives no token record when the old number comes back', async () => {
      await claim(3);
      const bearer = { ...newBearer(), partition: 2 };
      await staged.giveRecord(bearer);
      const reads = new PendingReads(2, staged.connection);
      expect(await reads.read(bearer, 'k', false)).to.equal('none');
      expect(await claim(1)).to.equal('claimed');
      expect(await claim(3)).to.equal('claimed');
      expect(await reads.read(bearer, 'k', false)).to.equal('unknown');
    });

    it('is refused as long as an entry is pending in any of the old partitions', async () => {
      await claim(3);
      const bearer = { ...newBearer(), partition: 2 };
      await staged.giveRecord(bearer);
      await staged.commits().accept(put(bearer, 'k', '1'));
      expect(await claim(1))
        .to.include('pending')
        .and.include('partitions = 3');
      expect(await claim(3)).to.equal('claimed');
      await applyAll(given, 3);
      expect(await claim(1)).to.equal('claimed');
    });

    for (const [what, start] of [
      ['an API', startApi],
      ['a worker', startWorker],
    ] as const) {
      it(`keeps ${what} from starting with another one while an entry is pending`, async () => {
        await claim(3);
        const bearer = { ...newBearer(), partition: 2 };
        await staged.giveRecord(bearer);
        await staged.commits().accept(put(bearer, 'k', '1'));
        const refused = await start({ env: given.env }).catch((error: unknown) => String(error));
        expect(refused).to.include('partitions = 3');
      });
    }
  });
});
