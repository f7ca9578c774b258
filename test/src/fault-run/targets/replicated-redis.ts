import { follow, needsReplica, startReplicable } from '../../faults/support/replicas.js';
import { withRedis } from '../../faults/support/with-redis.js';
import { eventually } from '../../world/eventually.js';
import { HoldingProxy } from '../../world/scale-out/holding-proxy.js';
import { RedisSentinels } from '../../world/services/redis-sentinels.js';
import type { RedisServer } from '../../world/services/redis-server.js';
import { connectFast, isOfRedisOrWorker, type RedisServers } from './redis-servers.js';
import { startService, type Gone, type Target } from './target.js';

/** Longest time until sentinels have replaced a primary and have taken in all servers again, in ms. */
const wholeWithinMs = 60_000;

interface Replicated {
  readonly servers: readonly RedisServer[];
  primary: RedisServer;
}

/** Starts a primary and `count` replicas that have all that it has. Any of them may be the primary later. */
async function startReplicated(count: number): Promise<Replicated> {
  const [primary, ...replicas] = await Promise.all([
    startReplicable(needsReplica),
    ...Array.from({ length: count }, () => startReplicable(needsReplica)),
  ]);
  await Promise.all(replicas.map((replica) => follow(replica, primary)));
  return { servers: [primary, ...replicas], primary };
}

/** Returns the number of replicas that get everything from a server, as that server sees it. */
const replicasOf = ({ url }: RedisServer): Promise<number> =>
  withRedis(url, async (redis) => (await redis.info('replication')).match(/^slave\d+:.*state=online/gm)?.length ?? 0);

/** Returns the members that do not depend on how a primary is replaced. */
const commonParts = (set: Replicated) =>
  ({
    partitions: 2,
    redisUrlOf: () => set.primary.url,
    directoryOf: () => set.primary.dir,
    giveQueue: async () => {},
  }) as const;

/** Starts a primary and two replicas, behind sentinels that replace it when it is killed, hangs, or is told to go. */
export async function startBehindSentinels(gone: Gone): Promise<RedisServers> {
  const set = await startReplicated(2);
  const sentinels = await RedisSentinels.start(set.primary);
  const targets = await asTargets(set.servers, gone);
  const whole = () =>
    eventually(
      async () => {
        const port = await sentinels.primaryPort();
        const primary = set.servers.find((server) => server.port === port);
        if (!primary || (await sentinels.replicas()) < 2 || (await replicasOf(primary)) < 2) return false;
        set.primary = primary;
        return true;
      },
      'sentinels to have one primary with two replicas',
      wholeWithinMs,
    );
  await whole();
  const inject = async () => {
    const old = set.primary;
    await sentinels.failOver();
    await eventually(async () => (await sentinels.primaryPort()) !== old.port, 'another primary', wholeWithinMs);
    return nameOf(old, set);
  };
  return {
    ...commonParts(set),
    url: sentinels.url,
    targets,
    lookInto: () => connectFast({ sentinels: sentinels.addresses, name: sentinels.name }),
    isMeant: (fault) => isOfRedisOrWorker(fault, targets),
    ownFaults: () => [{ manner: 'failover', what: 'Redis', among: [], inject }],
    whole: async () => void (await whole()),
    close: () => sentinels.stop(),
  };
}

/**
 * Starts a primary and a replica, behind an address that leads to the primary. A failover swaps them and leaves the
 * connections to the old primary open.
 */
export async function startFailingOver(gone: Gone): Promise<RedisServers> {
  const set = await startReplicated(1);
  const endpoint = await HoldingProxy.open(set.primary.url);
  const targets = await asTargets(set.servers, gone, async (server) => {
    if (server !== set.primary) await follow(server, set.primary); // a Redis that starts is a primary
  });
  const inject = async () => {
    const old = set.primary;
    const next = set.servers.find((server) => server !== old) ?? old;
    await withRedis(old.url, (redis) => redis.call('FAILOVER', 'TO', next.host, String(next.port)));
    await eventually(() => isPrimary(next), 'the replica to be the primary');
    endpoint.lead(next.url);
    set.primary = next;
    return nameOf(old, set);
  };
  return {
    ...commonParts(set),
    url: endpoint.url,
    targets,
    lookInto: () => connectFast({ host: '127.0.0.1', port: endpoint.port }),
    isMeant: (fault) => isOfRedisOrWorker(fault, targets),
    ownFaults: () => [{ manner: 'failover', what: 'Redis', among: [], inject }],
    whole: async () => {
      await eventually(async () => (await replicasOf(set.primary)) === 1, 'the replica', wholeWithinMs);
    },
    close: async () => endpoint.close(),
  };
}

const isPrimary = ({ url }: RedisServer): Promise<boolean> =>
  withRedis(url, async (redis) => (await redis.info('replication')).includes('role:master'));

const nameOf = (server: RedisServer, { servers }: Replicated) => `Redis ${servers.indexOf(server) + 1}`;

/** Returns the servers as targets. `ready` is called with each that was started again. */
async function asTargets(
  servers: readonly RedisServer[],
  gone: Gone,
  ready: (server: RedisServer) => Promise<void> = async () => {},
): Promise<Target[]> {
  const started = servers.map((server, index) =>
    startService(`Redis ${index + 1}`, async () => server, gone, { ready: () => ready(server) }),
  );
  return (await Promise.all(started)).map(({ target }) => target);
}
