import { expect } from 'chai';
import { expectDone } from '../../contract/subjects/answers.js';
import { eventually } from '../../world/eventually.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { ownServices } from '../../world/services/services.js';
import { times } from '../../world/times.js';
import { whileConnecting, withRedis } from '../support/with-redis.js';

/** Connections of an API: one for changes and one for reads. */
const connections = 2;

describe('a Redis that comes back with settings under which it could lose writes', function () {
  this.timeout(60_000); // processes start and end, on a machine that may be busy
  const world = new ScaleOutWorld({ services: ownServices, times });

  /** Changes a setting and cuts all connections, as a restart with another redis.conf or a failover does. */
  const comeBackWith = (appendfsync: string) =>
    withRedis(world.services.redisUrl, async (redis) => {
      await redis.config('SET', 'appendfsync', appendfsync);
      await redis.call('CLIENT', 'KILL', 'TYPE', 'normal');
    });

  const complaints = () => {
    const lines = (world.apis[0]?.logs ?? []).map((line) => JSON.stringify(line));
    return lines.filter((line) => line.includes("appendfsync 'everysec'"));
  };

  it('gets no write, which is logged once, and is used again when the settings are correct', async () => {
    const { token } = await world.here.newAccount();
    expectDone(await world.here.put(token, 'k', 1));
    await comeBackWith('everysec');
    await eventually(() => complaints().length === connections, 'a line of each connection');
    await whileConnecting(world.services.redisUrl, 3 * connections, async () => {
      expect((await world.here.put(token, 'k', 2)).status).to.equal(503);
    });
    await comeBackWith('always');
    await eventually(async () => (await world.here.put(token, 'k', 3)).status === 200, 'a write');
    expect(complaints()).to.have.lengthOf(connections);
  });
});
