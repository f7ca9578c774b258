import { expect } from 'chai';
import { tokensKey, partitionPrefix } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { follow, lead, startReplicable } from '../support/replicas.js';
import { withRedis } from '../support/with-redis.js';
import { eventually } from '../../world/eventually.js';
import type { RedisServer } from '../../world/services/redis-server.js';
import { ownServers, services } from '../../world/services/services.js';
import { TokenProcess } from '../../unit/scale-out/tokens/token-world.js';

const records = ({ url }: RedisServer, userId: string) =>
  withRedis(url, (client) => client.hlen(tokensKey(partitionPrefix('test', 0), userId)));

describe('tokens while a Redis is a replica', function () {
  this.timeout(60_000); // two servers bring each other up to date
  ownServers('redis-server');
  const place = services();
  let redis: RedisServer;
  let replica: RedisServer;
  const processes: TokenProcess[] = [];

  before(async () => {
    [redis, replica] = await Promise.all([startReplicable(), startReplicable()]);
  });
  after(async () => {
    for (const process of processes) await process.close();
    await redis?.stop();
    await replica?.stop();
  });

  async function open(): Promise<TokenProcess> {
    const process = await TokenProcess.open({
      mongoUrl: place.mongoUrl,
      database: place.database,
      redisUrl: redis.url,
    });
    processes.push(process);
    return process;
  }

  it('stay revoked although the other Redis had missed it, over old and new connections', async () => {
    const lasting = await open();
    const account = await lasting.register();
    const token = await lasting.login(account);
    expect(await lasting.accepts(token)).to.equal(true);
    await follow(replica, redis);
    await eventually(async () => (await records(replica, account.userId)) === 1, 'the record in the replica');

    await lead(replica);
    await lasting.tokens.revoke(token);
    expect(await records(redis, account.userId)).to.equal(0);
    await follow(redis, replica);
    await lead(redis);
    expect(await records(redis, account.userId)).to.equal(1);

    await lasting.redis.checkServer(); // as each process does every second
    expect(await lasting.accepts(token)).to.equal(false);
    expect(await (await open()).accepts(token)).to.equal(false);
  });
});
