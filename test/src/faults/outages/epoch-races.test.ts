import { expect } from 'chai';
import { Redis } from 'ioredis';
import { epochKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { RedisConnection, type EpochNumbers } from '@keybin/shared/engines/scale-out/redis/redis-connection.js';
import { Held } from '../../unit/worker/held.js';
import { countedEpochs, silent } from '../../world/scale-out/staged.js';
import { startRedis, type RedisServer } from '../../world/services/redis-server.js';
import { ownServers } from '../../world/services/services.js';
import { times } from '../../world/times.js';

/** Returns the number of the epoch in Redis. */
const numberIn = async (connection: RedisConnection) =>
  Number(await connection.raw.hget(epochKey(connection.prefixOf(0)), 'number'));

describe('the epochs of a Redis', function () {
  this.timeout(60_000); // Redis restarts
  ownServers('redis-server');
  let redis: RedisServer;
  const open: RedisConnection[] = [];

  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    for (const connection of open.splice(0)) connection.close();
    await redis.stop();
  });

  function connect(epochs: EpochNumbers): RedisConnection {
    const connection = new RedisConnection({
      connect: (options) => new Redis(redis.url, options),
      mode: 'standalone',
      queueId: 'test',
      partitions: [0],
      log: silent,
      times,
      epochs,
    });
    open.push(connection);
    return connection;
  }

  it('have no number that was taken for a server which is no longer there', async () => {
    const counted = countedEpochs();
    const held = new Held(counted.next);
    let next: EpochNumbers['next'] = counted.next;
    const slow = connect({ ...counted, next: (present) => next(present) });
    await slow.ready(5_000);
    next = held.step;
    await slow.raw.flushdb();
    const stale = slow.checkServer().then(
      () => 'checked',
      (error: unknown) => String(error),
    );
    await held.reached; // it will get the next number
    next = counted.next;
    await redis.kill('SIGKILL');
    await redis.start();
    await slow.ready(10_000);
    const number = await numberIn(slow);
    held.release();
    expect(await stale).to.not.equal('checked');
    expect(await numberIn(slow)).to.equal(number);
    expect(slow.isReady).to.equal(true);
  });

  it('have no number that is smaller than the one of another process', async () => {
    const counted = countedEpochs();
    const held = new Held(counted.next);
    let next: EpochNumbers['next'] = counted.next;
    const slow = connect({ ...counted, next: (present) => next(present) });
    await slow.ready(5_000);
    next = async (present) => {
      const taken = await counted.next(present);
      await held.step(present);
      return taken;
    };
    await slow.raw.flushdb();
    const stale = slow.checkServer().catch(() => {});
    await held.reached;
    const other = connect(counted);
    await other.ready(5_000);
    const number = await numberIn(other);
    held.release();
    await stale;
    expect(await numberIn(other)).to.equal(number);
  });

  it('take no number while Redis refuses to write', async () => {
    let taken = 0;
    const counted = countedEpochs();
    const epochs = { ...counted, next: async (present: number) => (taken++, counted.next(present)) };
    const connection = connect(epochs);
    await connection.ready(5_000);
    const before = taken;
    await connection.raw.hdel(epochKey(connection.prefixOf(0)), 'server');
    await connection.raw.config('SET', 'min-replicas-to-write', '1');
    const refused = await connection.checkServer().catch((error: unknown) => String(error));
    expect(refused).to.include('NOREPLICAS');
    expect(taken).to.equal(before);
  });
});
