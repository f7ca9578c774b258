import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'bullmq';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { keysLike, queueName, tokensKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { redisCommands } from '@keybin/shared/engines/scale-out/redis/redis-acl.js';
import { entriesContract } from '../../../contract/keybin/entries.js';
import { keysContract } from '../../../contract/keybin/keys.js';
import { registrationContract } from '../../../contract/keybin/registration.js';
import { tokensContract } from '../../../contract/keybin/tokens.js';
import { unregisterContract } from '../../../contract/keybin/unregister.js';
import { scaleOutSubject } from '../../../contract/subjects/scale-out-subject.js';
import { expectDone, expectValue } from '../../../contract/subjects/answers.js';
import { postsContract } from '../../../contract/v1/posts.js';
import { sessionsContract } from '../../../contract/v1/sessions.js';
import { adminSettings, askBoard } from '../../dashboard/administrator.js';
import { bodyOf, endpoints, pathOf } from '../../dashboard/endpoints.js';
import { eventually } from '../../../world/eventually.js';
import { keybin } from '../../../world/processes/keybin-command.js';
import { temporaryDirectory } from '../../../world/processes/temporary-directory.js';
import { clusterServices } from '../../../world/services/cluster-services.js';
import { prefixIn } from '../../../world/services/queue-prefix.js';
import { ScaleOutWorld } from '../../../world/services/scale-out-world.js';
import { ownServices, settingsOf, type Services } from '../../../world/services/services.js';
import { shortLeases } from '../../../world/times.js';

const page = readFileSync(new URL('../../../../../docs/operations/scale-out.md', import.meta.url), 'utf8');
const [documented = ''] = /^ACL SETUSER .*/m.exec(page) ?? [];
const userPassword = 'a-fair-password';

/** Commands that only a Redis Cluster gets. */
const ofCluster = redisCommands.filter((name) => name.startsWith('cluster|'));

/** Creates the user of the document on a server, and counts commands anew. */
async function createUser(server: Redis): Promise<void> {
  const [command = '', ...args] = documented.replace('PASSWORD', userPassword).split(' ');
  await server.call(command, ...args);
  await server.config('RESETSTAT');
}

/** Returns the refusals of a server, each as a command with the user and with the place where it was called. */
async function refusals(server: Redis): Promise<string[]> {
  const entries = (await server.acl('LOG')) as string[][]; // lists of names and values in turn
  return entries.map((fields) => {
    const of = (name: string) => fields[fields.indexOf(name) + 1];
    return `${of('username')}: ${of('object')} (${of('reason')}, ${of('context')})`;
  });
}

/** Returns the names of the commands that a server has run, those of scripts included. */
async function commandsRun(server: Redis): Promise<string[]> {
  const stats = await server.info('commandstats');
  return [...stats.matchAll(/^cmdstat_([^:]+):calls=[1-9]/gm)].map(([, name = '']) => name);
}

/** Gives the surrounding suite a Redis into which only the user of the document can log in. */
function restrictedServices(admin: (server: Redis) => void): Services {
  const own = ownServices();
  let server: Redis | undefined;
  before('the user', async () => {
    server = new Redis(own.redisUrl);
    await createUser(server);
    await server.acl('SETUSER', 'default', 'off'); // connections that are open stay
    admin(server);
  });
  after(() => server?.disconnect());
  return {
    get redisUrl() {
      return `redis://keybin:${userPassword}@127.0.0.1:${own.redis.port}/1`;
    },
    get mongoUrl() {
      return own.mongoUrl;
    },
    database: own.database,
    get env() {
      return settingsOf(this);
    },
  };
}

const jobStates = ['failed', 'waiting', 'delayed', 'prioritized', 'active', 'completed'];

/** Calls each endpoint of the dashboard with a job of each state, if there is one, beside writes of a client. */
async function useDashboard({ apis: [api], here }: ScaleOutWorld): Promise<void> {
  if (!api) throw new Error('there are two');
  const { token } = await here.newAccount();
  const jobIn = async (status: string): Promise<string> => {
    const path = `/api/queues?activeQueue=${queueName}&status=${status}&page=1&jobsPerPage=1`;
    const { queues } = (await askBoard(api, 'GET', path)).json as { queues: { jobs: { id: string }[] }[] };
    return queues[0]?.jobs[0]?.id ?? '1'; // Bull Board's format
  };
  const addJob = (options: object) =>
    askBoard(api, 'POST', `/api/queues/${queueName}/add`, { json: { name: 'apply', data: { entries: [] }, options } });
  for (const { method, route } of endpoints) {
    for (const status of /:jobId|:queueStatus/.test(route) ? jobStates : ['waiting']) {
      expectDone(await here.put(token, 'key', status === 'failed' ? 'POISON' : 1));
      const old = { timestamp: 1 }; // Bull Board removes no job of the last seconds
      await Promise.all([addJob({ delay: 3_600_000 }), addJob({ priority: 1 }), addJob(old)]);
      const json = method === 'GET' ? undefined : bodyOf(route, { entries: [] });
      const path = pathOf(route, await jobIn(status), status === 'waiting' ? 'wait' : status);
      expect((await askBoard(api, method, path, { json })).text, path).not.to.include('NOPERM');
    }
  }
}

describe('the user for Redis in docs/operations/scale-out.md', function () {
  this.timeout(120_000);
  let server: Redis;
  const own = { ...adminSettings, KEYBIN_ADMIN_QUEUE_CHANGES: 'on', KEYBIN_QUEUE_SWEEP_AFTER: '1' };
  const world = new ScaleOutWorld({
    services: () => restrictedServices((admin) => (server = admin)),
    env: own,
    times: shortLeases,
    workers: 1,
  });
  const env = () => ({ ...world.services.env, ...own });

  describe('may do what clients ask for', () => {
    const subject = scaleOutSubject(world);
    registrationContract(subject);
    tokensContract(subject);
    entriesContract(subject);
    keysContract(subject);
    unregisterContract(subject);
    sessionsContract(subject);
    postsContract(subject);
  });

  describe('may do', () => {
    it('what keybin does', async () => {
      const { username, token } = await world.here.newAccount();
      const doomed = await world.here.newAccount();
      expectDone(await world.here.put(token, 'key', 'value'));
      const file = join(temporaryDirectory(), 'export.ndjson');
      for (const line of [
        'prepare',
        'check',
        'queue pause',
        'queue status',
        'queue rejected',
        'queue retry --all',
        'queue resume',
        'user list',
        `user disable ${username}`,
        `user enable ${username}`,
        `user erase ${doomed.username}`,
        `export ${file}`,
        `import ${file}`,
        'doctor',
      ]) {
        const { code, stderr } = await keybin(line.split(' '), env());
        expect(`${line}: ${code} ${stderr}`).to.equal(`${line}: 0 `);
      }
      const left = async () => (await keybin(['verify-erasure', doomed.username], env())).code === 0;
      await eventually(left, 'nothing left of the erased account', 30_000);
    });

    it('what a worker does after another one died', async () => {
      const { token } = await world.here.newAccount();
      await world.pauseWorkers();
      const { redisUrl } = world.services;
      const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
      const prefix = await prefixIn(redisUrl);
      const dead = new Worker(queueName, null, { connection, prefix, lockDuration: 500, autorun: false });
      try {
        expectDone(await world.here.put(token, 'key', 'value'));
        expect(await eventually(() => dead.getNextJob('dead'), 'the job')).to.have.property('name', 'apply');
      } finally {
        await dead.close();
        connection.disconnect();
      }
      await world.resumeWorkers();
      await world.drained();
    });

    it('what a login does in an account with many clients', async () => {
      const { username, password } = await world.here.newAccount();
      const { redisUrl } = world.services;
      const connection = new Redis(redisUrl);
      try {
        for await (const key of keysLike(connection, tokensKey(await prefixIn(redisUrl), '*'))) {
          await connection.hset(key, Object.fromEntries(Array.from({ length: 300 }, (_, client) => [client, 'old'])));
        }
      } finally {
        connection.disconnect();
      }
      await world.there.logIn(username, password, 'another');
    });

    it('what the dashboard does before a worker starts', async () => {
      await world.pauseWorkers();
      await useDashboard(world);
      await world.resumeWorkers();
      await eventually(async () => (await world.pendingEntries()) === 0, 'nothing pending', 60_000);
    });

    it('what the dashboard does beside a worker, with writes that MongoDB rejects', async () => {
      const mongo = await MongoClient.connect(world.services.mongoUrl);
      const validate = (validator: object) =>
        mongo.db(world.services.database).command({ collMod: 'store', validator });
      try {
        await validate({ value: { $not: /POISON/ } });
        await useDashboard(world);
        await validate({});
        expect((await keybin(['queue', 'retry', '--all'], env())).code).to.equal(0);
        await eventually(async () => (await world.pendingEntries()) === 0, 'nothing pending', 60_000);
      } finally {
        await mongo.close();
      }
    });
  });

  describe('in all that', () => {
    it('is refused nothing, by commands and by scripts', async () => {
      expect(await refusals(server)).to.deep.equal([]);
    });

    it('uses each command that it may use', async () => {
      const run = await commandsRun(server);
      expect(redisCommands.filter((name) => !run.includes(name))).to.deep.equal(ofCluster);
    });
  });
});

describe('the user for Redis in docs/operations/scale-out.md, in a Redis Cluster', function () {
  this.timeout(120_000);
  let cluster: ReturnType<typeof clusterServices>['cluster'];
  const world = new ScaleOutWorld({
    services: () => {
      const own = clusterServices();
      before('the user on each node', async () => {
        ({ cluster } = own);
        await cluster.ask(createUser);
      });
      const redisUrl = () => own.redisUrl.replace('://', `://keybin:${userPassword}@`);
      return {
        get redisUrl() {
          return redisUrl();
        },
        get mongoUrl() {
          return own.mongoUrl;
        },
        database: own.database,
        get env() {
          return { ...own.env, KEYBIN_QUEUE_REDIS: redisUrl() };
        },
      };
    },
    env: { KEYBIN_QUEUE_PARTITIONS: '3' },
    workers: 1,
  });

  it('may find the nodes, and is refused nothing', async () => {
    for (let account = 0; account < 12; account++) {
      const { token } = await world.here.newAccount();
      expectDone(await world.here.put(token, 'key', account));
      expectValue(await world.there.get(token, 'key'), account);
    }
    await world.drained();
    expect((await cluster.ask(commandsRun)).flat()).to.include.members([...ofCluster]);
    expect((await cluster.ask(refusals)).flat()).to.deep.equal([]);
  });
});
