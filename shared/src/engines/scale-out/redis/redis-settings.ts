import { ReplyError, type Redis } from 'ioredis';
import type { Config } from '../../../config/config.js';
import type { Log } from '../../../process/log.js';
import type { PartitionedConnections } from './partitioned-redis.js';
import type { RedisTopology } from './redis-topology.js';
import { orUnavailable } from '../../../errors.js';

/** Settings of Redis on which acknowledged writes depend, each `undefined` if Redis does not tell it. */
export interface RedisSettings {
  readonly 'maxmemory-policy'?: string | undefined;
  readonly appendonly?: string | undefined;
  readonly appendfsync?: string | undefined;
  readonly 'no-appendfsync-on-rewrite'?: string | undefined;
}

type Durability = Config['queue']['durability'];

interface Need {
  readonly accepted: readonly string[];
  readonly why: string;
  /** Remedy other than changing the setting. */
  readonly or?: string;
}

/** Returns the values that each setting may have. */
function needs(durability: Durability): Readonly<Record<keyof RedisSettings, Need>> {
  const always = durability === 'always';
  return {
    'maxmemory-policy': { accepted: ['noeviction'], why: 'any other policy evicts accepted writes' },
    appendonly: { accepted: ['yes'], why: 'without it a restart loses accepted writes' },
    appendfsync: {
      accepted: always ? ['always'] : ['always', 'everysec'],
      why: always
        ? 'with it a power cut loses the last acknowledged writes'
        : 'with it a power cut loses minutes of writes',
      ...(always && { or: 'accept the loss of the last seconds with [QUEUE] durability = everysec' }),
    },
    'no-appendfsync-on-rewrite': {
      accepted: always ? ['no'] : ['no', 'yes'],
      why: 'with it no write is synced while the file is rewritten',
    },
  };
}

/**
 * Returns one sentence for each setting under which acknowledged writes could be lost: its name, the value seen and the
 * remedy.
 */
export function settingsProblems(settings: RedisSettings, durability: Durability): string[] {
  const problems = [];
  for (const [name, { accepted, why, or }] of Object.entries(needs(durability))) {
    const seen = settings[name as keyof RedisSettings]; // `needs` has just these names
    if (seen === undefined || accepted.includes(seen)) continue;
    const remedy = `set '${name} ${accepted[0]}' in redis.conf or with CONFIG SET${or ? `, or ${or}` : ''}`;
    problems.push(`Redis runs with ${name} '${seen}': ${why}; ${remedy}.`);
  }
  return problems;
}

/**
 * Returns what acknowledged writes survive: `always` a power cut, `everysec` a power cut except for the last second or
 * two. Otherwise returns `none` or `unknown`.
 */
export function durabilityOf(settings: RedisSettings): 'always' | 'everysec' | 'none' | 'unknown' {
  const { 'maxmemory-policy': policy, appendonly, appendfsync, 'no-appendfsync-on-rewrite': onRewrite } = settings;
  if ((policy !== undefined && policy !== 'noeviction') || appendonly === 'no' || onRewrite === 'yes') return 'none';
  if (appendfsync === undefined) return 'unknown';
  return appendfsync === 'always' || appendfsync === 'everysec' ? appendfsync : 'none';
}

/** Returns the weakest durability of several servers, because an account may be on any of them. */
export const weakest = (durabilities: readonly ReturnType<typeof durabilityOf>[]): ReturnType<typeof durabilityOf> =>
  (['none', 'unknown', 'everysec'] as const).find((each) => durabilities.includes(each)) ?? 'always';

/**
 * Throws an `Error` that names every setting under which Redis would lose acknowledged writes. Where `CONFIG` is
 * forbidden, only the policy and the presence of an append-only file can be seen. The log says so.
 */
export async function checkRedisSettings(client: Redis, durability: Durability, log: Log): Promise<void> {
  const settings = await readSettings(client);
  if (settings.appendfsync === undefined) {
    log.warn('Redis does not report appendfsync: make sure that it matches [QUEUE] durability');
  }
  const problems = settingsProblems(settings, durability);
  if (problems.length > 0) throw new Error(problems.join(' '));
}

/**
 * Checks the settings of every server that may be given partitions. Throws as `checkRedisSettings` does, and
 * `unavailable`.
 */
export async function checkAllRedisSettings(
  place: Pick<RedisTopology, 'mode' | 'withServers'>,
  connections: Pick<PartitionedConnections, 'all'>,
  durability: Durability,
  log: Log,
): Promise<void> {
  if (place.mode === 'standalone') {
    for (const { client } of connections.all) await checkRedisSettings(client, durability, log);
    return;
  }
  await place.withServers(async (client) => {
    const node = `${client.options.host}:${client.options.port}`;
    const problems = settingsProblems(await orUnavailable(readSettings(client)), durability);
    if (problems.length > 0) throw new Error(`Node ${node} of the Redis Cluster: ${problems.join(' ')}`);
    await warnOfFullCoverage(client, node, log);
  });
}

/** Logs a warning if the outage of one node stops the whole cluster. Says nothing if `CONFIG` is forbidden. */
async function warnOfFullCoverage(client: Redis, node: string, log: Log): Promise<void> {
  const setting = 'cluster-require-full-coverage';
  if ((await ask(client, setting).catch(() => undefined)) !== 'yes') return;
  log.warn({ node }, `With ${setting} = yes, the outage of one node stops all partitions`);
}

/** Reads Redis's settings. Where `CONFIG` is forbidden, `INFO` tells only two of them. */
export async function readSettings(client: Redis): Promise<RedisSettings> {
  try {
    const [policy, appendonly, appendfsync, onRewrite] = await Promise.all(
      ['maxmemory-policy', 'appendonly', 'appendfsync', 'no-appendfsync-on-rewrite'].map((name) => ask(client, name)),
    );
    return { 'maxmemory-policy': policy, appendonly, appendfsync, 'no-appendfsync-on-rewrite': onRewrite };
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error; // there was no answer
    const info = `${await client.info('memory')}\n${await client.info('persistence')}`;
    const field = (name: string) => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1];
    return { 'maxmemory-policy': field('maxmemory_policy'), appendonly: field('aof_enabled') === '1' ? 'yes' : 'no' };
  }
}

/** Reads one setting. Before Redis 7, CONFIG GET takes only one name. */
async function ask(client: Redis, name: string): Promise<string | undefined> {
  const answer = await client.config('GET', name);
  return answer[1];
}
