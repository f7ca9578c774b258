import { expect } from 'chai';
import { Redis } from 'ioredis';
import { routes } from '@keybin/api/routes/definitions.js';
import { basic } from '../../contract/api/calls.js';
import { adminSettings, askBoard } from '../../unit/dashboard/administrator.js';
import { endpoints, pathOf } from '../../unit/dashboard/endpoints.js';
import { KeybinClient, send, type Account, type Answer } from '../../world/clients/keybin-client.js';
import { eventually } from '../../world/eventually.js';
import { keybin } from '../../world/processes/keybin-command.js';
import { spawnApi, spawnWorker, type ApiProcess, type WorkerProcess } from '../../world/processes/keybin-process.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { ownServices, type OwnServices } from '../../world/services/services.js';
import { answersInTime } from '../support/answers.js';

interface Outage {
  readonly what: string;
  readonly begin: (services: OwnServices) => Promise<void>;
  readonly end: (services: OwnServices) => Promise<void>;
}

const password = 'a password of redis';

/** Every way in which a dependency can be away: it was shut down, it was killed, it hangs, it refuses everybody. */
const outages: readonly Outage[] = [
  ...(['redis', 'mongod'] as const).flatMap((server): Outage[] => [
    {
      what: `${server} is shut down`,
      begin: (services) => services[server].stop(),
      end: (services) => services[server].start(),
    },
    {
      what: `${server} is killed`,
      begin: (services) => services[server].kill('SIGKILL'),
      end: (services) => services[server].start(),
    },
    {
      what: `${server} hangs`,
      begin: (services) => services[server].kill('SIGSTOP'),
      end: (services) => services[server].kill('SIGCONT'),
    },
  ]),
  {
    what: 'redis refuses everybody',
    async begin({ redisUrl }) {
      const redis = new Redis(redisUrl);
      await redis.config('SET', 'requirepass', password);
      await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      redis.disconnect();
    },
    async end({ redisUrl }) {
      const redis = new Redis(redisUrl, { password });
      await redis.config('SET', 'requirepass', '');
      redis.disconnect();
    },
  },
  {
    what: 'both are killed',
    begin: async ({ redis, mongod }) => void (await Promise.all([redis.kill('SIGKILL'), mongod.kill('SIGKILL')])),
    end: async ({ redis, mongod }) => void (await Promise.all([redis.start(), mongod.start()])),
  },
];

/** Routes of a service, which name its dependencies on purpose. */
const ofService = ['/livez', '/readyz', '/metrics'];
/** Texts that a client has no use for, or must not know: programs, places, causes. */
const internals = /redis|mongo|bullmq|lmdb|NOAUTH|READONLY/i;
const places = /127\.0\.0\.1|localhost|ECONN|EPIPE|node_modules|dist\/|\n +at |took longer than|undefined/;

const rounds = 2;

/** Command lines that end by themselves, whatever is away. Those that change the queue are without effect here. */
const commands = [
  ['doctor'],
  ['queue', 'status'],
  ['queue', 'rejected'],
  ['queue', 'retry', '--all'],
  ['queue', 'retry', 'nobody/key'],
  ['queue', 'pause'],
  ['queue', 'resume'],
  ['queue', 'adopt', '00000000'],
  ['user', 'list'],
  ['user', 'disable', 'nobody'],
  ['user', 'enable', 'nobody'],
  ['user', 'erase', 'nobody'],
  ['verify-erasure', 'nobody'],
  ['check'],
];

describe('every route and command during an outage', function () {
  this.timeout(120_000); // servers hang and start again
  let api: ApiProcess | undefined;
  let worker: WorkerProcess | undefined;
  after('end of the processes', async () => {
    for (const each of [api, worker]) await each?.stop();
  });
  const services = ownServices();
  let account: Account;
  const exported = `${temporaryDirectory()}/export`;
  const env = () => ({ ...services.env, ...adminSettings });

  before('an API of two processes, and a worker', async () => {
    worker = await spawnWorker({ env: env() });
    api = await spawnApi({ env: { ...env(), KEYBIN_APP_PROCESSES: '2' } });
    account = await new KeybinClient(api.url).newAccount();
    expect(await keybin(['export', exported], env())).to.include({ code: 0 });
  });

  const alive = () => {
    if (!api?.child.alive || !worker?.child.alive)
      throw new Error(`A process has ended:\n${api?.output}\n${worker?.output}`);
    return { api, worker };
  };

  /** Returns a request to each route of the API and of the worker, by method and path. */
  function requests(): Record<string, () => Promise<Answer>> {
    const { api: ofClients, worker: ofWorker } = alive();
    const { username, password: secret, token } = account;
    const json = {
      username,
      password: secret,
      value: 1,
      accout: username,
      passwd: secret,
      identify_code: 1,
      content: 'said',
    };
    const headers = { authorization: basic(username, secret) };
    const parameters = { token, key: 'key', id: username, name: username, post_id: 'x', file_id: '0'.repeat(24) };
    const each = routes
      .filter(({ path }) => path !== '/unregister') // it would end the account; 'faults/redis' has it
      .map(({ method, path }): [string, () => Promise<Answer>] => {
        const filled = path.replace(/:(\w+)/g, (_, name: keyof typeof parameters) => parameters[name]);
        const query = path.startsWith('/v1') ? `?token=${token}&accout=${username}` : '';
        const options = method === 'GET' ? { headers } : { json, headers };
        return [`${method} ${path}`, () => send(ofClients.url, method, filled + query, options)];
      });
    const probes = ofService.map((path): [string, () => Promise<Answer>] => [
      `worker: GET ${path}`,
      () => send(ofWorker.url, 'GET', path),
    ]);
    return Object.fromEntries([...each, ...probes]);
  }

  /** Returns a request to each endpoint of the dashboard that only reads. */
  function dashboardRequests(): Record<string, () => Promise<Answer>> {
    // The workers are listed with their addresses
    const reading = endpoints.filter(({ method, route }) => method === 'GET' && !route.endsWith('/workers'));
    return Object.fromEntries(
      reading.map(({ method, route }) => [route, () => askBoard(alive().api, method, pathOf(route, '1'))]),
    );
  }

  async function askEverything(): Promise<void> {
    for (const [name, { status, text }] of Object.entries(await answersInTime(requests()))) {
      const answer = `${name}: ${status} ${text}`;
      const path = name.split(' ').at(-1) ?? '';
      expect(status, answer).not.to.equal(500);
      if (path === '/metrics' || path === '/livez') expect(status, answer).to.equal(200);
      expect(text, answer).not.to.match(places);
      if (!ofService.includes(path)) expect(text, answer).not.to.match(internals);
    }
    for (const [route, { status, text }] of Object.entries(await answersInTime(dashboardRequests()))) {
      expect(text, `${route}: ${status} ${text}`).not.to.match(places);
    }
  }

  async function runCommands(): Promise<void> {
    const lines = [...commands, ['export', `${temporaryDirectory()}/export`], ['import', exported]];
    await Promise.all(
      lines.map(async (line) => {
        const { code, stderr } = await keybin(line, env());
        expect(code, `${line.join(' ')}: ${stderr}`).to.be.oneOf([0, 1]);
        expect(stderr, line.join(' ')).not.to.match(/\n +at |\bundefined\b/);
      }),
    );
  }

  for (const { what, begin, end } of outages) {
    it(`answers in time, without a word about the inside, and no process ends: ${what}`, async () => {
      const begun = askEverything(); // it begins while requests are in flight
      try {
        await begin(services);
        await begun;
        for (let round = 0; round < rounds; round++) await askEverything();
        await runCommands();
      } finally {
        await end(services);
      }
      for (const { url } of [alive().api, alive().worker]) {
        const ready = async () => {
          const { text } = await send(url, 'GET', '/readyz');
          if (!text.includes('"status":"ready"')) throw new Error(text);
          return true;
        };
        await eventually(ready, 'readiness', 30_000);
      }
      await askEverything();
    });
  }
});
