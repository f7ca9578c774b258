import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { partitionOf } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { expectDone, expectNoKey, expectValue } from '../../contract/subjects/answers.js';
import { eventually } from '../../world/eventually.js';
import { KeybinClient, type Account } from '../../world/clients/keybin-client.js';
import { canMakeNetworks, Network } from '../../world/network/network.js';
import { spawnApi, spawnWorker, type ApiProcess, type WorkerProcess } from '../../world/processes/keybin-process.js';
import { startMongod, type MongoServer } from '../../world/services/mongo-server.js';
import { startRedisCluster, type RedisCluster } from '../../world/services/redis-cluster.js';
import { ownServers } from '../../world/services/services.js';
import { skipSuite } from '../../world/skip-suite.js';
import { answersInTime, expectUnavailable, serves } from '../support/answers.js';

const database = 'keybin_network';
const nodes = ['node0', 'node1', 'node2'];
const rounds = 3;

/**
 * Each process has a host of its own. A cut drops packets without an answer, so connections stay open on both sides, as
 * when a switch or a firewall fails.
 */
describe('while the network is partitioned', function () {
  this.timeout(120_000);
  ownServers('redis-server', 'mongod');
  let network: Network | undefined;
  let mongod: MongoServer | undefined;
  let cluster: RedisCluster | undefined;
  let worker: WorkerProcess | undefined;
  let apis: ApiProcess[] = [];
  let client: MongoClient | undefined;
  let here: KeybinClient;
  let there: KeybinClient;

  before('hosts, servers and processes', async function () {
    if (!canMakeNetworks()) skipSuite(this, 'no right to make network namespaces');
    const hosts = new Network(['here', 'there', 'worker', 'mongod', ...nodes]);
    network = hosts;
    cluster = await startRedisCluster(
      [],
      nodes.map((name) => hosts.host(name)),
    );
    mongod = await startMongod({ at: hosts.host('mongod') });
    client = new MongoClient(mongod.url);
    await cluster.giveQueue({ mongoUrl: mongod.url, database });
    const env = {
      KEYBIN_STORE_HOST: mongod.url,
      KEYBIN_STORE_DATABASE: database,
      KEYBIN_QUEUE_REDIS: cluster.url,
      KEYBIN_QUEUE_PARTITIONS: String(nodes.length),
    };
    apis = await Promise.all(['here', 'there'].map((name) => spawnApi({ env, at: hosts.host(name) })));
    [here, there] = apis.map(({ url }) => new KeybinClient(url)) as [KeybinClient, KeybinClient];
    worker = await spawnWorker({ env, at: hosts.host('worker') });
  });

  const collection = (name: string) => {
    if (!client) throw new Error('MongoDB was not started');
    return client.db(database).collection<{ _id: string; user_id?: string }>(name);
  };
  const users = () => collection('users');
  const store = () => collection('store');

  after('end of all', async () => {
    await client?.close();
    for (const running of [...apis, worker]) await running?.stop();
    await cluster?.stop();
    await mongod?.stop();
    network?.close();
  });

  /** Runs `work` while two hosts cannot reach each other. */
  async function whileCut(one: string, others: readonly string[], work: () => Promise<void>): Promise<void> {
    for (const other of others) network?.cut(one, other);
    try {
      await work();
    } finally {
      for (const other of others) network?.heal(one, other);
    }
  }

  /** Returns an account of each partition. */
  async function accounts(): Promise<Account[]> {
    const found: Account[] = [];
    while (Object.keys(found).length < nodes.length) {
      const account = await here.newAccount();
      const user = await users().findOne({ username: account.username });
      found[partitionOf(String(user?.user_id), nodes.length)] ??= account;
    }
    return found;
  }

  it('an API without MongoDB takes writes and refuses logins in time, the other one does everything', async () => {
    const account = await here.newAccount();
    const { username, password, token } = account;
    await whileCut('here', ['mongod'], async () => {
      for (let round = 1; round <= rounds; round++) {
        expectDone((await answersInTime({ put: () => here.put(token, 'k', round) })).put);
        expectValue(await there.get(token, 'k'), round);
        const { get } = await answersInTime({ get: () => here.get(token, 'k') });
        if (get.status !== 503) expectValue(get, round); // 503 once a worker has applied it
        await expectUnavailable({ token: () => here.token(username, password, 'another client') });
        await serves(there, account);
      }
    });
    await serves(here, account);
    expectValue(await here.get(token, 'k'), rounds);
  });

  it('a worker without Redis applies nothing, and everything afterwards', async () => {
    const { token } = await here.newAccount();
    const keys = Array.from({ length: 50 }, (_, index) => `key_${index}`);
    await whileCut('worker', nodes, async () => {
      for (const [index, key] of keys.entries()) expectDone(await (index % 2 ? here : there).put(token, key, index));
      for (const [index, key] of keys.entries()) expectValue(await (index % 2 ? there : here).get(token, key), index);
      expect(await store().countDocuments({ _id: /\/key_/ })).to.equal(0);
    });
    const isApplied = async () => (await store().countDocuments({ _id: /\/key_/ })) === keys.length;
    await eventually(isApplied, 'all to be applied', 30_000);
    for (const [index, key] of keys.entries()) expectValue(await here.get(token, key), index);
  });

  it('an API without one Redis node refuses its partition in time, and serves the others', async () => {
    const [first, cut, last] = (await accounts()) as [Account, Account, Account]; // one for each partition
    for (const { token } of [first, cut, last]) expectDone(await here.put(token, 'k', 'before'));
    await whileCut('here', ['node1'], async () => {
      for (let round = 1; round <= rounds; round++) {
        await expectUnavailable({
          put: () => here.put(cut.token, 'refused', round),
          get: () => here.get(cut.token, 'k'),
          keys: () => here.keys(cut.token),
        });
        for (const { token } of [first, last]) {
          const { put } = await answersInTime({ put: () => here.put(token, 'k', round) });
          expectDone(put);
          expectValue(await there.get(token, 'k'), round);
        }
        expectDone(await there.put(cut.token, 'k', round));
      }
    });
    await serves(here, cut);
    expectValue(await here.get(cut.token, 'k'), rounds);
    expectNoKey(await here.get(cut.token, 'refused'), 'refused');
  });
});
