import { eventually } from '../../world/eventually.js';
import { startRedis, type RedisServer } from '../../world/services/redis-server.js';
import { withRedis } from './with-redis.js';

/** Arguments with which a Redis acknowledges a write only while a replica gets it. */
export const needsReplica = ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '3'] as const;

/** Starts a Redis that brings a replica up to date without delay. */
export const startReplicable = (args: readonly string[] = []): Promise<RedisServer> =>
  startRedis({ args: ['--repl-diskless-sync-delay', '0', ...args] });

/** Makes a Redis a replica of another one, and waits until it has all. */
export const follow = async (follower: RedisServer, { port }: RedisServer): Promise<void> => {
  await withRedis(follower.url, async (client) => {
    await client.replicaof('127.0.0.1', port);
    await eventually(async () => /master_link_status:up/.test(await client.info('replication')), 'the replica');
  });
};

const offsetOf = ({ url }: RedisServer) =>
  withRedis(url, async (client) =>
    Number(/^(?:slave|master)_repl_offset:(\d+)/m.exec(await client.info('replication'))?.[1]),
  );

/** Resolves once a replica has everything that its primary had at the call. A replica is behind by a moment. */
export async function caughtUp(follower: RedisServer, primary: RedisServer): Promise<void> {
  const offset = await offsetOf(primary);
  await eventually(async () => (await offsetOf(follower)) >= offset, 'the replica to catch up');
}

/** Makes a Redis a primary. */
export const lead = ({ url }: RedisServer): Promise<unknown> =>
  withRedis(url, (client) => client.replicaof('NO', 'ONE'));

/** Makes a Redis a replica of a server that is not there. */
export const cutOff = ({ url }: RedisServer): Promise<unknown> =>
  withRedis(url, (client) => client.replicaof('127.0.0.1', '1'));
