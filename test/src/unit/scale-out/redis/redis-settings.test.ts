import { expect } from 'chai';
import { Redis } from 'ioredis';
import { checkRedisSettings, settingsProblems } from '@keybin/shared/engines/scale-out/redis/redis-settings.js';
import { startApi } from '../../../world/processes/keybin-service.js';

import { startRedisCluster } from '../../../world/services/redis-cluster.js';
import { startRedis, type RedisServer, type RedisServerOptions } from '../../../world/services/redis-server.js';
import { ownServers, services } from '../../../world/services/services.js';
import { soonDown } from '../../../world/times.js';
import { silent } from '../../../world/scale-out/staged.js';

const good = {
  'maxmemory-policy': 'noeviction',
  appendonly: 'yes',
  appendfsync: 'always',
  'no-appendfsync-on-rewrite': 'no',
};

describe('settings of Redis', () => {
  it('are accepted if no acknowledged write can be lost', () => {
    expect(settingsProblems(good, 'always')).to.deep.equal([]);
    expect(settingsProblems({ ...good, appendfsync: 'everysec' }, 'everysec')).to.deep.equal([]);
  });

  for (const [name, value, remedy] of [
    ['maxmemory-policy', 'allkeys-lru', 'maxmemory-policy noeviction'],
    ['appendonly', 'no', 'appendonly yes'],
    ['appendfsync', 'everysec', '[QUEUE] durability = everysec'],
    ['appendfsync', 'no', 'appendfsync always'],
    ['no-appendfsync-on-rewrite', 'yes', 'no-appendfsync-on-rewrite no'],
  ] as const) {
    it(`are refused with ${name} ${value}, and the message says what to do`, () => {
      const problems = settingsProblems({ ...good, [name]: value }, 'always');
      expect(problems).to.have.length(1);
      expect(problems[0]).to.include(`${name} '${value}'`).and.include(remedy);
    });
  }

  it('are all named if they are wrong', () => {
    const wrong = { 'maxmemory-policy': 'volatile-ttl', appendonly: 'no', appendfsync: 'no' };
    expect(settingsProblems(wrong, 'everysec')).to.have.length(3);
  });

  describe('of a running server', function () {
    this.timeout(60_000); // nodes join slowly on a busy machine
    ownServers('redis-server');
    const given = services();
    let server: RedisServer | undefined;
    afterEach(() => server?.stop());

    async function refusal(options: RedisServerOptions, user?: string): Promise<string> {
      server = await startRedis(options);
      const client = new Redis(server.url);
      try {
        if (user) await client.call('ACL', 'SETUSER', user, 'on', 'nopass', '~*', '+@all', '-config');
        if (user) await client.call('AUTH', user, 'any');
        await checkRedisSettings(client, 'always', silent);
        return 'taken';
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      } finally {
        client.disconnect();
      }
    }

    it('are read', async () => {
      expect(await refusal({})).to.equal('taken');
    });

    it('are refused together', async () => {
      const message = await refusal({ appendfsync: 'everysec', args: ['--maxmemory-policy', 'allkeys-lru'] });
      expect(message).to.include("appendfsync 'everysec'").and.include("maxmemory-policy 'allkeys-lru'");
    });

    it('keep an API from starting', async () => {
      server = await startRedis({ appendfsync: 'everysec' });
      const env = { ...given.env, KEYBIN_QUEUE_REDIS: server.url };
      const refused = await startApi({ env }).catch((error: unknown) => String(error));
      expect(refused).to.include("appendfsync 'everysec'");
    });

    it('are checked on every node of a cluster', async () => {
      const cluster = await startRedisCluster();
      try {
        await cluster.ask(async (client, index) => {
          if (index === 1) await client.config('SET', 'appendfsync', 'everysec');
        });
        // The only partition is on another node
        const env = { ...given.env, KEYBIN_QUEUE_REDIS: cluster.url };
        const refused = await startApi({ env }).catch((error: unknown) => String(error));
        expect(refused).to.include(`Node 127.0.0.1:${cluster.node(1).port} of the Redis Cluster`);
        expect(refused).to.include("appendfsync 'everysec'");
      } finally {
        await cluster.stop();
      }
    });

    it('reveal that Redis is another one than the URL says', async () => {
      const cluster = await startRedisCluster();
      server = await startRedis();
      try {
        for (const [url, hint] of [
          [cluster.node(0).url, 'a node of a Redis Cluster: set [QUEUE] redis to redis+cluster://'],
          [`redis+cluster://127.0.0.1:${server.port}`, 'cluster support disabled'],
          [`redis://127.0.0.1:${server.port}/99`, 'DB index is out of range'],
        ] as const) {
          const env = { ...given.env, KEYBIN_QUEUE_REDIS: url };
          const refused = await startApi({ env, times: soonDown }).catch((error: unknown) => String(error));
          expect(refused).to.include(hint);
        }
      } finally {
        await cluster.stop();
      }
    });

    it('are read from INFO if CONFIG is forbidden', async () => {
      const message = await refusal({ args: ['--appendonly', 'no', '--maxmemory-policy', 'allkeys-lru'] }, 'limited');
      expect(message).to.include("appendonly 'no'").and.include("maxmemory-policy 'allkeys-lru'");
    });
  });
});
