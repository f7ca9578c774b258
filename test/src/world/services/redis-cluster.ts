import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { openDatabase } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { queueIdOfStore } from '@keybin/shared/engines/scale-out/ownership/queue-id.js';
import { partitionPrefix } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { eventually } from '../eventually.js';
import type { NetworkHost } from '../network/network.js';
import { onSomePort } from '../processes/some-port.js';
import { startRedis, type RedisServer } from './redis-server.js';
import type { Services } from './services.js';
import { storePlace } from './store-settings.js';

/** Slots of each node. */
const slotRanges = [
  [0, 5_500],
  [5_501, 11_000],
  [11_001, 16_383],
] as const;

/** Time without an answer after which a node counts as failed for the others. */
const nodeTimeoutMs = 1_000;

const togetherWithinMs = 20_000;

/**
 * Slightly longer than Redis continues a requested failover. The other nodes may have heard of the request too late.
 */
const failoverTimeoutMs = 5_500;

/**
 * A Redis Cluster of three nodes. Node `p` has the slot of partition `p` of the queue that `giveQueue` has placed. Each
 * node may be stopped, killed and started again.
 */
export class RedisCluster {
  #queueId = '';

  constructor(readonly nodes: readonly RedisServer[]) {}

  /**
   * Gives a store that no process has served yet an id with which each partition of its queue is on the node of its
   * number.
   */
  async giveQueue(place: Pick<Services, 'mongoUrl' | 'database'>): Promise<void> {
    const database = await openDatabase(storePlace(place));
    try {
      for (;;) {
        const storeId = randomUUID();
        this.#queueId = queueIdOfStore(storeId, database);
        const slots = await Promise.all(this.nodes.map((_, partition) => this.#slotOf(partition)));
        if (slots.some((slot, node) => !isIn(slotRanges[node], slot))) continue;
        await database.settings.insertOne({ _id: 'store', value: storeId });
        return;
      }
    } finally {
      await database.close();
    }
  }

  #slotOf(partition: number): Promise<number> {
    return asking(this.node(0), (client) => client.cluster('KEYSLOT', partitionPrefix(this.#queueId, partition)));
  }

  /** URL for `[QUEUE] redis`. */
  get url(): string {
    return `redis+cluster://${this.nodes.map(({ host, port }) => `${host}:${port}`).join(',')}`;
  }

  /** Returns the node of a partition. */
  node(partition: number): RedisServer {
    const node = this.nodes[partition];
    if (!node) throw new Error(`There is no node ${partition}`);
    return node;
  }

  /** Calls `ask` with a client of each node. */
  async ask<T>(ask: (client: Redis, index: number) => Promise<T>): Promise<T[]> {
    return Promise.all(this.nodes.map((node, index) => asking(node, (client) => ask(client, index))));
  }

  /** Resolves when every node reports a working cluster and knows all the others. */
  async together(): Promise<void> {
    await eventually(async () => (await this.ask(isTogether)).every(Boolean), 'a cluster', togetherWithinMs);
  }

  /**
   * Moves the slot of a partition with all its keys to the node of another one, as `redis-cli --cluster reshard` does.
   */
  async move(partition: number, to: number): Promise<void> {
    const ids = await this.ask((client) => client.cluster('MYID'));
    const [target, port] = [String(ids[to]), this.node(to).port];
    const slot = await this.#slotOf(partition);
    const have = await this.ask((client) => hasSlot(client, slot));
    const from = have.indexOf(true);
    await this.ask(async (client, index) => {
      if (index === to) await client.cluster('SETSLOT', slot, 'IMPORTING', String(ids[from]));
    });
    await this.ask(async (client, index) => {
      if (index !== from) return;
      await client.cluster('SETSLOT', slot, 'MIGRATING', target);
      for (;;) {
        const keys = await client.cluster('GETKEYSINSLOT', slot, 100);
        if (keys.length === 0) break;
        await client.call('MIGRATE', '127.0.0.1', String(port), '', '0', '5000', 'KEYS', ...keys);
      }
    });
    for (const first of [true, false]) {
      await this.ask(async (client, index) => {
        if ((index === to) === first) await client.cluster('SETSLOT', slot, 'NODE', target);
      });
    }
    await this.together();
  }

  /** Adds a replica of a partition's node. It is not in `nodes`, and the caller stops it. */
  async addReplica(partition: number): Promise<RedisServer> {
    const replica = await startNode([]);
    const master = this.node(partition);
    const id = await asking(master, (client) => client.cluster('MYID'));
    const busPort = await asking(master, busPortOf);
    await asking(replica, async (client) => {
      await client.call('CLUSTER', 'MEET', '127.0.0.1', String(master.port), busPort);
      await eventually(() => client.cluster('REPLICATE', id), 'a node to know the other one', togetherWithinMs);
      const isInStep = async () => (await client.info('replication')).includes('master_link_status:up');
      await eventually(isInStep, 'a replica that has all', togetherWithinMs);
    });
    const replicaId = await asking(replica, (client) => client.cluster('MYID'));
    const isKnown = async (client: Redis) => String(await client.cluster('REPLICAS', id)).includes(replicaId);
    await eventually(async () => (await this.ask(isKnown)).every(Boolean), 'all to know it', togetherWithinMs);
    return replica;
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}

const isIn = ([first, last]: readonly [number, number] = [0, -1], slot: number) => first <= slot && slot <= last;

async function asking<T>({ url }: RedisServer, ask: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, { maxRetriesPerRequest: 1, commandTimeout: 2_000 });
  client.on('error', () => {}); // the caller of a command gets the error
  try {
    return await ask(client);
  } finally {
    client.disconnect();
  }
}

/** Makes a replica the master, and its master its replica. Nothing is lost, and both keep running. */
export async function takeOver(replica: RedisServer): Promise<void> {
  await asking(replica, async (client) => {
    const isMaster = async () => (await client.info('replication')).includes('role:master');
    const tryIt = async () => {
      await client.cluster('FAILOVER');
      return eventually(isMaster, 'a replica to take over', failoverTimeoutMs);
    };
    await eventually(tryIt, 'a replica to take over', togetherWithinMs);
  });
}

const busPortOf = async (node: Redis) => (await node.config('GET', 'cluster-port'))[1] ?? '';

/** True if the node has this slot. A node without it reports the owner. */
async function hasSlot(node: Redis, slot: number): Promise<boolean> {
  const owner = (await node.cluster('SLOTS')).find(([first, last]) => first <= slot && slot <= last);
  return String(owner?.[2]?.[2]) === (await node.cluster('MYID'));
}

async function isTogether(node: Redis): Promise<boolean> {
  const info = await node.cluster('INFO');
  return /cluster_state:ok/.test(info) && /cluster_slots_ok:16384/.test(info) && /cluster_size:3/.test(info);
}

/**
 * Starts three nodes and makes them a cluster, each `at` a host of a `Network`, or all on this machine. If a node is
 * down, only its own slots are unavailable.
 */
export async function startRedisCluster(
  args: readonly string[] = [],
  at: readonly NetworkHost[] = [],
): Promise<RedisCluster> {
  const nodes = await Promise.all(slotRanges.map((_, node) => startNode(args, at[node])));
  const cluster = new RedisCluster(nodes);
  await cluster.ask(async (client, index) => {
    const [first, last] = slotRanges[index] ?? [0, 0];
    await client.cluster('ADDSLOTSRANGE', first, last);
    await client.cluster('SET-CONFIG-EPOCH', index + 1);
  });
  const busPorts = await cluster.ask(busPortOf);
  const [first] = nodes;
  await cluster.ask(async (client, index) => {
    if (index > 0) await client.call('CLUSTER', 'MEET', String(first?.host), String(first?.port), String(busPorts[0]));
  });
  await cluster.together();
  return cluster;
}

async function startNode(args: readonly string[], at?: NetworkHost): Promise<RedisServer> {
  const cluster = ['--cluster-enabled', 'yes', '--cluster-node-timeout', String(nodeTimeoutMs)];
  const alone = ['--cluster-require-full-coverage', 'no'];
  // The default bus port is the port plus 10000, which may be too high
  return onSomePort((busPort) =>
    startRedis({ args: [...cluster, ...alone, '--cluster-port', String(busPort), ...args], ...(at && { at }) }),
  );
}
