import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../world/eventually.js';
import { KeybinClient, type Account } from '../../world/clients/keybin-client.js';
import { startApi } from '../../world/processes/keybin-service.js';
import type { RunningApi } from '../../world/processes/running.js';

import { startMongod, type MongoServer } from '../../world/services/mongo-server.js';
import { startRedis, type RedisServer } from '../../world/services/redis-server.js';
import { ownServers, programs } from '../../world/services/services.js';
import { slowDisk } from '../../world/disks/slow-disk.js';
import { itself, restart } from './redis-data.js';

/**
 * Duration of a sync: long enough to acknowledge a write meanwhile, short enough for a login, which waits for several.
 */
const syncMs = { everysec: 1_500, always: 150 } as const;
const value = 'x'.repeat(20_000);
const writesAtOnce = 4;
const rounds = 3;

describe('kill -9 of a Redis whose disk is slow', function () {
  this.timeout(60_000); // processes start and die, on a machine that may be busy
  ownServers('redis-server', 'mongod');
  programs('gcc');
  let mongod: MongoServer;
  let redis: RedisServer;
  let api: RunningApi;
  let client: KeybinClient;
  let account: Account;

  before(async () => {
    mongod = await startMongod();
  });
  afterEach(async () => {
    await api?.stop();
    await redis?.stop();
  });
  after(async () => mongod?.stop());

  /** Starts Redis and an API, but no worker, so accepted writes are in Redis only. */
  async function begin(durability: keyof typeof syncMs): Promise<void> {
    redis = await startRedis({ appendfsync: durability, env: slowDisk(syncMs[durability]) });
    const services = { KEYBIN_STORE_HOST: mongod.url, KEYBIN_QUEUE_REDIS: redis.url };
    api = await startApi({ env: { ...services, KEYBIN_QUEUE_DURABILITY: durability } });
    client = new KeybinClient(api.url);
    account = await client.newAccount();
  }

  /** Kills Redis, starts it again, and returns the acknowledged keys that are lost. */
  async function lostOf(answered: readonly string[]): Promise<string[]> {
    await restart(redis, itself, {});
    const { token } = account;
    const { keys } = await eventually(async () => {
      const answer = await client.keys(token);
      return answer.status === 200 && (answer.json as { keys: string[] }); // asserted by the contract
    }, 'a list of keys');
    return answered.filter((key) => !keys.includes(key));
  }

  it('loses acknowledged writes with durability = everysec', async () => {
    await begin('everysec');
    const answered: string[] = [];
    await eventually(async () => {
      const key = `key_${answered.length}`;
      const { status } = await client.put(account.token, key, value);
      if (status !== 200) return false;
      answered.push(key);
      await redis.kill('SIGSTOP'); // it writes nothing from now on
      if (!writtenBy(redis).includes(key)) return true;
      await redis.kill('SIGCONT');
      return false;
    }, 'an answered write that Redis has not written');
    expect(await lostOf(answered)).not.to.deep.equal([]);
  });

  it('loses none with durability = always', async () => {
    await begin('always');
    const answered: string[] = [];
    const write = async (key: string) => {
      const answer = await client.put(account.token, key, value).catch(() => undefined);
      if (answer?.status === 200) answered.push(key);
    };
    for (let round = 0; round < rounds; round++) {
      await Promise.all(Array.from({ length: writesAtOnce }, (_, index) => write(`key_${round}_${index}`)));
    }
    const last = Array.from({ length: writesAtOnce }, (_, index) => write(`last_${index}`));
    await Promise.race(last); // the others are in flight
    expect(answered).not.to.deep.equal([]);
    expect(await lostOf([...answered])).to.deep.equal([]);
    await Promise.all(last);
  });
});

/** Returns everything that Redis would not lose by a kill. */
function writtenBy({ dir }: RedisServer): string {
  const directory = join(dir, 'appendonlydir');
  return readdirSync(directory)
    .map((name) => readFileSync(join(directory, name), 'latin1'))
    .join('');
}
