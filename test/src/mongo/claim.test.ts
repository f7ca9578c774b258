import { expect } from 'chai';
import { AnothersQueue } from '@keybin/shared/engines/mongo/anothers-queue.js';
import { RedisConnections } from '@keybin/shared/engines/mongo/redis-connections.js';
import { openRedisPlace } from '@keybin/shared/engines/mongo/redis-place.js';
import { claimsIn } from '@keybin/shared/engines/mongo/store-id.js';
import { clusterServices } from '../world/cluster-services.js';
import { services } from '../world/services.js';
import { times } from '../world/times.js';
import { silent } from './staged.js';

const partitions = 12;
const rounds = 10;

for (const [place, provide] of [
  ['a Redis', services],
  ['a Redis Cluster', clusterServices],
] as const) {
  describe(`two stores that meet ${place} which nobody has claimed`, () => {
    const given = provide();

    it('get all of it or nothing', async () => {
      for (let round = 0; round < rounds; round++) {
        const [one, other] = await Promise.all([connected(given.redisUrl), connected(given.redisUrl)]);
        try {
          for (const server of await one.servers()) await server.flushall();
          const claiming = await Promise.allSettled([one.belongTo('one'), other.belongTo('other')]);
          const refused = claiming.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
          expect(refused).to.have.length(1);
          expect(refused[0]).to.be.instanceOf(AnothersQueue);
          const [redis, name] = claiming[0].status === 'fulfilled' ? [one, 'one'] : [other, 'other'];
          expect(await claimsIn(redis)).to.deep.equal(new Set([name]));
        } finally {
          one.close();
          other.close();
        }
      }
    });
  });
}

async function connected(redisUrl: string): Promise<RedisConnections> {
  const redis = new RedisConnections(openRedisPlace(redisUrl, times), partitions, silent, { times, closesPlace: true });
  await redis.ready(5_000);
  return redis;
}
