import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Redis } from 'ioredis';
import type { Diagnosis } from '@keybin/shared/ports/operations.js';
import { expectDone } from '../../contract/subjects/answers.js';
import { scrape } from '../../unit/metrics/scrape.js';
import { send } from '../../world/clients/keybin-client.js';
import { eventually } from '../../world/eventually.js';
import { keybin } from '../../world/processes/keybin-command.js';
import { startWorker } from '../../world/processes/keybin-service.js';
import type { Running, RunningWorker } from '../../world/processes/running.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { ownServices } from '../../world/services/services.js';
import { expectUnavailable } from '../support/answers.js';
import { withRedis } from '../support/with-redis.js';
import { times } from '../../world/times.js';

const maxPendingBytes = 16 * 1_024;
const limits = { KEYBIN_QUEUE_MAX_PENDING_BYTES: String(maxPendingBytes), KEYBIN_LIMITS_BODY_BYTES: '4KiB' };
const again = 'Writes are accepted again';

/** Returns how a service sees Redis: the status of the service, the problem, and the metric of an impaired service. */
async function seen(url: string) {
  const { status, json } = await send(url, 'GET', '/readyz');
  // See docs/interfaces/service.md
  const { status: said, dependencies } = json as {
    status: string;
    dependencies: Record<string, { problem?: string }>;
  };
  const impaired = (await scrape(url)).sum('keybin_dependency_impaired', { dependency: 'redis' });
  return { status, said, problem: dependencies['redis']?.problem, impaired };
}

const ready = { status: 200, said: 'ready', problem: undefined, impaired: 0 };
const linesOf = ({ logs }: Running, text: string | RegExp) => logs.filter(({ msg }) => String(msg).match(text)).length;

/** Ways in which Redis refuses every write, while it answers and reads go on. */
const refusals: readonly {
  readonly what: string;
  readonly problem: RegExp;
  readonly begin: (redis: Redis) => Promise<unknown>;
  readonly end: (redis: Redis) => Promise<unknown>;
}[] = [
  {
    what: 'it is at maxmemory',
    problem: /maxmemory/,
    begin: (redis) => redis.config('SET', 'maxmemory', '1'),
    end: (redis) => redis.config('SET', 'maxmemory', '0'),
  },
  {
    what: 'it has too few replicas',
    problem: /min-replicas-to-write/,
    begin: (redis) => redis.config('SET', 'min-replicas-to-write', '1'),
    end: (redis) => redis.config('SET', 'min-replicas-to-write', '0'),
  },
  {
    what: 'it could not save its data',
    problem: /cannot write to its disk/,
    async begin(redis) {
      const [, directory = ''] = (await redis.config('GET', 'dir')) as [string, string?];
      mkdirSync(join(directory, 'dump.rdb')); // no file can take its place
      await redis.config('SET', 'save', '3600 1000000');
      await redis.bgsave();
      const status = async () => (await redis.info('persistence')).includes('rdb_last_bgsave_status:err');
      await eventually(status, 'a failed save');
    },
    end: (redis) => redis.config('SET', 'save', ''),
  },
  {
    what: 'its ACL forbids a command',
    problem: /ACL/,
    begin: (redis) => redis.acl('SETUSER', 'default', '-zadd'),
    end: (redis) => redis.acl('SETUSER', 'default', '+@all'),
  },
];

describe('while writes are refused', function () {
  this.timeout(60_000);
  const world = new ScaleOutWorld({ services: ownServices, env: limits });
  let worker: RunningWorker;
  beforeEach(async () => {
    worker = await startWorker({ env: world.services.env });
  });
  afterEach(() => worker.stop());

  async function doctorSays(): Promise<Diagnosis | undefined> {
    const { stdout } = await keybin(['doctor', '--json'], { ...world.services.env, ...limits });
    const { findings } = JSON.parse(stdout) as { findings: Diagnosis[] }; // asserted in unit/cli/doctor.test.ts
    return findings.find(({ check }) => check === 'writes');
  }

  for (const { what, problem, begin, end } of refusals) {
    it(`because ${what}, all who ask are told so once, and when it is over`, async () => {
      const [api] = world.apis;
      if (!api) throw new Error('there are two');
      const { token } = await world.here.newAccount();
      expectDone(await world.here.put(token, 'k', 1));
      const services = [api, worker];
      const before = services.map((service) => linesOf(service, again));
      await withRedis(world.services.redisUrl, begin);
      try {
        await expectUnavailable({ put: () => world.here.put(token, 'k', 2) });
        for (const { url } of services) {
          const found = await eventually(async () => {
            const now = await seen(url);
            return now.problem !== undefined && now;
          }, 'the refusal');
          expect(found).to.include({ status: 200, said: 'degraded', impaired: 1 });
          expect(found.problem).to.match(problem);
        }
        await expectUnavailable({ put: () => world.here.put(token, 'k', 3) });
        for (const service of services) expect(linesOf(service, problem)).to.equal(1);
        expect((await doctorSays())?.says).to.match(problem);
      } finally {
        await withRedis(world.services.redisUrl, end);
      }
      const write = async () => (await world.here.put(token, 'k', 4)).status === 200;
      for (const service of services) {
        await eventually(async () => (await seen(service.url)).said === 'ready', 'readiness');
        expect(await seen(service.url)).to.deep.equal(ready);
      }
      await eventually(write, 'a write');
      const toldAgain = services.map((service, at) => linesOf(service, again) - (before[at] ?? 0));
      expect(toldAgain).to.deep.equal([1, 1]);
      expect((await doctorSays())?.state).to.equal('ok');
    });
  }

  it('because its ACL forbids a command that only a commit needs, this is told once while clients go on', async () => {
    const [api] = world.apis;
    if (!api) throw new Error('there are two');
    const { token } = await world.here.newAccount();
    const [told, before] = [linesOf(api, /ACL/), linesOf(api, again)];
    await withRedis(world.services.redisUrl, (redis) => redis.acl('SETUSER', 'default', '-llen'));
    try {
      const untilMs = performance.now() + 4 * times.lookMs; // probes succeed meanwhile
      while (performance.now() < untilMs) await expectUnavailable({ put: () => world.here.put(token, 'k', 1) });
      expect([linesOf(api, /ACL/) - told, linesOf(api, again) - before]).to.deep.equal([1, 0]);
    } finally {
      await withRedis(world.services.redisUrl, (redis) => redis.acl('SETUSER', 'default', '+@all'));
    }
    await eventually(async () => (await seen(api.url)).said === 'ready', 'readiness');
    expect(linesOf(api, again) - before).to.equal(1);
  });

  it('because there is no room, all who ask are told so once, and when it is over', async () => {
    const [api] = world.apis;
    if (!api) throw new Error('there are two');
    const { token } = await world.here.newAccount();
    await worker.stop();
    const before = linesOf(api, again);
    const full = async (key: number) => (await world.here.put(token, `k${key}`, 'x'.repeat(3_000))).status === 503;
    for (let key = 0; !(await full(key)); key++) if (key > maxPendingBytes) throw new Error('it is never full');
    expect(await seen(api.url)).to.include({ status: 200, said: 'degraded', impaired: 1 });
    expect((await seen(api.url)).problem).to.match(/too many are pending/);
    for (let round = 0; round < 3; round++) {
      expectDone(await world.here.put(token, 'k0', String(round).repeat(3_000))); // as long as what it replaces
      await expectUnavailable({ put: () => world.here.put(token, 'more', 'x'.repeat(3_000)) });
    }
    expect(linesOf(api, /too many are pending/)).to.equal(1);
    expect(linesOf(api, again) - before).to.equal(0);
    worker = await startWorker({ env: world.services.env });
    await eventually(async () => (await seen(api.url)).said === 'ready', 'readiness without a further write');
    expect(linesOf(api, again) - before).to.equal(1);
  });
});
