import type { Redis } from 'ioredis';
import type { Config } from '../../config/config.js';
import type { Log } from '../../log.js';

/** Redis's own settings on which an answered write depends, each `undefined` if Redis does not tell. */
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
  /** Another way out than changing the setting. */
  readonly or?: string;
}

/** What each setting must be. */
function needs(durability: Durability): Readonly<Record<keyof RedisSettings, Need>> {
  const always = durability === 'always';
  return {
    'maxmemory-policy': { accepted: ['noeviction'], why: 'any other policy throws accepted writes away' },
    appendonly: { accepted: ['yes'], why: 'without it accepted writes end with the process' },
    appendfsync: {
      accepted: always ? ['always'] : ['always', 'everysec'],
      why: always
        ? 'with it the last answered writes end with the power'
        : 'with it minutes of writes end with the power',
      ...(always && { or: 'accept the loss of the last seconds by [QUEUE] durability = everysec' }),
    },
    'no-appendfsync-on-rewrite': {
      accepted: always ? ['no'] : ['no', 'yes'],
      why: 'with it nothing reaches the disk while the file is rewritten',
    },
  };
}

/** One sentence for each setting under which answered writes could be lost: its name, the value seen and the remedy. */
export function settingsProblems(settings: RedisSettings, durability: Durability): string[] {
  const problems = [];
  for (const [name, { accepted, why, or }] of Object.entries(needs(durability))) {
    const seen = settings[name as keyof RedisSettings]; // `needs` has just these names
    if (seen === undefined || accepted.includes(seen)) continue;
    const remedy = `set '${name} ${accepted[0]}' in redis.conf or by CONFIG SET${or ? `, or ${or}` : ''}`;
    problems.push(`Redis runs with ${name} '${seen}': ${why}; ${remedy}.`);
  }
  return problems;
}

/**
 * Throws an `Error` that names every setting under which Redis would lose answered writes. Where `CONFIG` is forbidden only the
 * policy and whether there is an append-only file can be seen; the log says so.
 */
export async function checkRedisSettings(client: Redis, durability: Durability, log: Log): Promise<void> {
  const problems = settingsProblems(await readSettings(client, log), durability);
  if (problems.length > 0) throw new Error(problems.join(' '));
}

async function readSettings(client: Redis, log: Log): Promise<RedisSettings> {
  try {
    const [policy, appendonly, appendfsync, onRewrite] = await Promise.all(
      ['maxmemory-policy', 'appendonly', 'appendfsync', 'no-appendfsync-on-rewrite'].map((name) => ask(client, name)),
    );
    return { 'maxmemory-policy': policy, appendonly, appendfsync, 'no-appendfsync-on-rewrite': onRewrite };
  } catch (error) {
    log.warn({ err: error }, 'Redis does not tell its appendfsync: make sure that it is what [QUEUE] durability says');
    const info = `${await client.info('memory')}\n${await client.info('persistence')}`;
    const field = (name: string) => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1];
    return { 'maxmemory-policy': field('maxmemory_policy'), appendonly: field('aof_enabled') === '1' ? 'yes' : 'no' };
  }
}

/** One at a time: before Redis 7 CONFIG GET takes one name. */
async function ask(client: Redis, name: string): Promise<string | undefined> {
  const answer = await client.config('GET', name);
  return answer[1];
}
