import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { partitionOf } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { expectDone, expectInvalidToken, expectKeys, expectValue } from '../../contract/subjects/answers.js';
import { clusterServices } from '../../world/services/cluster-services.js';
import { takeOver } from '../../world/services/redis-cluster.js';
import { eventually } from '../../world/eventually.js';
import type { Account, Answer } from '../../world/clients/keybin-client.js';
import { ScaleOutProcesses } from '../../world/services/scale-out-world.js';
import { answersInTime, bringBack, expectUnavailable, serves, ways } from '../support/answers.js';
import { whileConnecting } from '../support/with-redis.js';

const partitions = 3;
const rounds = 3;

describe('a Redis Cluster', function () {
  this.timeout(90_000); // processes start and die, on a machine that may be busy
  const env = { KEYBIN_QUEUE_PARTITIONS: String(partitions) };
  const world = new ScaleOutProcesses({ services: clusterServices, env, workers: 1 });
  let database: MongoClient;

  before(() => (database = new MongoClient(world.services.mongoUrl)));
  after(() => database?.close());

  const users = () => database.db(world.services.database).collection<{ user_id: string }>('users');
  const store = () => database.db(world.services.database).collection<{ _id: string }>('store');

  async function userIdOf({ username }: Account): Promise<string> {
    const user = await users().findOne({ username });
    return String(user?.user_id);
  }

  /** Registers an account in each partition. */
  async function newAccounts(): Promise<Account[]> {
    const accounts: Account[] = [];
    while (Object.keys(accounts).length < partitions) {
      const account = await world.here.newAccount();
      accounts[partitionOf(await userIdOf(account), partitions)] ??= account;
    }
    return accounts;
  }

  for (const { way, begin, end } of ways) {
    it(`with a node down refuses its partition in time, serves the others, and recovers by itself: the node ${way}`, async () => {
      const { cluster } = world.services;
      const accounts = await newAccounts();
      for (const { token } of accounts) expectDone(await world.here.put(token, 'stored', 'before'));
      await world.drained();
      for (const { token } of accounts) expectDone(await world.here.put(token, 'last', 'before'));

      const [away, ...others] = [1, 0, 2];
      // `newAccounts` returns one account for each partition
      const { username, password, token } = accounts[away] as Account;
      await cluster.node(away).kill(begin);
      for (let round = 1; round <= rounds; round++) {
        for (const client of [world.here, world.there]) {
          const refused = expectUnavailable({
            get: () => client.get(token, 'stored'),
            keys: () => client.keys(token),
            put: () => client.put(token, 'unknown', round),
            delete: () => client.delete(token, 'unknown'),
            token: () => client.token(username, password, 'another client'),
          });
          const served = others.map(async (partition) => {
            const account = accounts[partition] as Account;
            const answers = await answersInTime({
              put: () => client.put(account.token, `during_${round}`, round),
              get: () => client.get(account.token, 'last'),
              keys: () => client.keys(account.token),
              token: () => client.token(account.username, account.password, `client ${round}`),
            });
            for (const [call, { status, text }] of Object.entries(answers)) {
              expect(`${call} ${status} ${status === 200 ? '' : text}`).to.equal(`${call} 200 `);
            }
          });
          await Promise.all([refused, ...served]);
        }
      }
      for (const partition of others) {
        const id = `${await userIdOf(accounts[partition] as Account)}/during_${rounds}`;
        await eventually(
          async () => (await store().countDocuments({ _id: id })) === 1,
          'the worker to apply the others',
        );
      }

      await bringBack(cluster.node(away), end);
      for (const client of [world.here, world.there]) await serves(client, accounts[away] as Account);
      await world.drained(30_000);
      for (const client of [world.here, world.there]) {
        for (const account of accounts) {
          expectValue(await client.get(account.token, 'stored'), 'before');
          expectValue(await client.get(account.token, 'last'), 'before');
        }
      }
    });
  }

  it('whose slot moves to another node and back loses nothing, and revives no revoked token', async () => {
    const { cluster } = world.services;
    const [partition, elsewhere] = [2, 0];
    const account = (await newAccounts())[partition] as Account;
    const { username, password, token } = account;
    for (const client of [world.here, world.there]) expectKeys(await client.keys(token), []);
    expectDone(await world.here.put(token, 'first', 1));
    await cluster.move(partition, elsewhere);
    for (const client of [world.here, world.there]) await serves(client, account);
    expectValue(await world.there.get(token, 'first'), 1);
    // A login of the same client: the first token is revoked
    const second = await world.here.logIn(username, password);
    expectDone(await world.there.put(second, 'second', 2));
    for (const client of [world.here, world.there]) expectInvalidToken(await client.keys(token));

    await cluster.move(partition, partition);
    for (const client of [world.here, world.there]) {
      expectInvalidToken(await firstAnswer(() => client.keys(token)));
      expectInvalidToken(await firstAnswer(() => client.put(token, 'third', 3)));
    }
    for (const client of [world.here, world.there]) await serves(client, { username, password, token: second });
    await world.drained();
    expectValue(await world.here.get(second, 'second'), 2);
    expectKeys(await world.there.keys(second), ['after', 'first', 'second']);
  });

  it('whose slot moves to a node that could lose writes refuses that partition until the settings of the node are correct', async () => {
    const { cluster } = world.services;
    const [partition, elsewhere] = [2, 0];
    const setSync = (how: string) =>
      cluster.ask(async (client, index) => {
        if (index === elsewhere) await client.config('SET', 'appendfsync', how);
      });
    const account = (await newAccounts())[partition] as Account;
    await setSync('everysec');
    await cluster.move(partition, elsewhere);
    await eventually(async () => (await world.here.put(account.token, 'k', 1)).status === 503, 'a refusal');
    await whileConnecting(cluster.node(elsewhere).url, 10, async () => {
      expect((await world.here.put(account.token, 'k', 1)).status).to.equal(503);
    });
    await setSync('always');
    for (const client of [world.here, world.there]) await serves(client, account);
    await cluster.move(partition, partition);
    for (const client of [world.here, world.there]) await serves(client, account);
  });

  it('whose replica replaces a node for a while loses nothing, and revives no revoked token', async () => {
    const { cluster } = world.services;
    const partition = 1;
    const replica = await cluster.addReplica(partition);
    try {
      const account = (await newAccounts())[partition] as Account;
      const { username, password, token } = account;
      expectDone(await world.here.put(token, 'first', 1));
      await takeOver(replica);
      for (const client of [world.here, world.there]) await serves(client, account);
      // A login of the same client: the first token is revoked
      const second = await world.here.logIn(username, password);
      expectDone(await world.there.put(second, 'second', 2));

      await takeOver(cluster.node(partition));
      for (const client of [world.here, world.there]) {
        expectInvalidToken(await firstAnswer(() => client.keys(token)));
        expectInvalidToken(await firstAnswer(() => client.put(token, 'third', 3)));
      }
      for (const client of [world.here, world.there]) await serves(client, { username, password, token: second });
      await world.drained();
      expectKeys(await world.there.keys(second), ['after', 'first', 'second']);
    } finally {
      await replica.stop();
    }
  });
});

/** Repeats `call` until its answer is not an outage, and returns that answer. */
const firstAnswer = (call: () => Promise<Answer>): Promise<Answer> =>
  eventually(async () => {
    const answer = await call();
    return answer.status !== 503 && answer;
  }, 'an answer');
