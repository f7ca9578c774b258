import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { ScaleOutRateCounters } from '@keybin/shared/engines/scale-out/accounts/rate-counters.js';
import type { RedisConnection } from '@keybin/shared/engines/scale-out/redis/redis-connection.js';
import { connected, only } from '../../../world/scale-out/staged.js';
import { services } from '../../../world/services/services.js';
import { patientTimes } from '../../../world/times.js';

describe('rate counters of the scale-out engine', () => {
  const place = services();
  let redis: RedisConnection;
  before('a connection', async () => {
    redis = connected(place.redisUrl);
    await redis.ready(5_000);
  });
  after(() => redis?.close());

  it('begin their window anew when they are renewed, for all processes', async () => {
    const [here, there] = [0, 1].map(() => new ScaleOutRateCounters(only(redis), patientTimes));
    if (!here || !there) throw new Error('There are two');
    const key = randomUUID();
    for (let time = 0; time < 3; time++) await here.add(key, 60);
    expect(await there.count(key)).to.include({ count: 3 });
    await here.renew(key, 6_000);
    const { count, resetsInMs } = await there.count(key);
    expect(count).to.equal(1);
    expect(resetsInMs).to.be.within(60_001, 6_000_000);
    await there.renew(`${key}-new`, 60);
    expect(await here.count(`${key}-new`)).to.include({ count: 1 });
  });
});
