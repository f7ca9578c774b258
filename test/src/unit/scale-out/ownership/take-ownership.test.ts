import { expect } from 'chai';
import { ForeignQueueError } from '@keybin/shared/engines/scale-out/redis/foreign-queue-error.js';
import { PartitionedConnections } from '@keybin/shared/engines/scale-out/redis/partitioned-redis.js';
import { openRedisTopology } from '@keybin/shared/engines/scale-out/redis/redis-topology.js';
import { ownersOf } from '@keybin/shared/engines/scale-out/ownership/store-id.js';
import { clusterServices } from '../../../world/services/cluster-services.js';
import { services } from '../../../world/services/services.js';
import { times } from '../../../world/times.js';
import { silent } from '../../../world/scale-out/staged.js';

const partitions = 12;
const rounds = 10;

for (const [place, provide] of [
  ['a Redis', services],
  ['a Redis Cluster', clusterServices],
] as const) {
  describe(`two stores that find ${place} without an owner`, () => {
    const given = provide();

    it('claim all of it or nothing', async () => {
      for (let round = 0; round < rounds; round++) {
        const [one, other] = await Promise.all([connected(given.redisUrl), connected(given.redisUrl)]);
        try {
          for (const server of await one.servers()) await server.flushdb();
          const claiming = await Promise.allSettled([one.belongTo('one'), other.belongTo('other')]);
          const refused = claiming.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
          expect(refused).to.have.length(1);
          expect(refused[0]).to.be.instanceOf(ForeignQueueError);
          const [redis, name] = claiming[0].status === 'fulfilled' ? [one, 'one'] : [other, 'other'];
          expect(await ownersOf(redis)).to.deep.equal(new Set([name]));
        } finally {
          one.close();
          other.close();
        }
      }
    });
  });
}

async function connected(redisUrl: string): Promise<PartitionedConnections> {
  const redis = new PartitionedConnections(openRedisTopology(redisUrl, times), partitions, silent, {
    times,
    closesPlace: true,
  });
  await redis.ready(5_000);
  return redis;
}
