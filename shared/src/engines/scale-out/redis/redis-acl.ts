import { partitionPattern } from './keys.js';

/**
 * Commands that the API, the worker, `keybin` and the dashboard send to Redis, and those that their scripts call. Redis
 * lets every user log in, so `auth` and `hello` are not among them. A test runs all of them as a user with exactly
 * these.
 */
export const redisCommands = [
  'bitfield',
  'bzpopmin',
  'client|list',
  'client|setname',
  'cluster|keyslot',
  'cluster|slots',
  'config|get',
  'decrby',
  'del',
  'eval',
  'evalsha',
  'exec',
  'exists',
  'get',
  'hdel',
  'hexists',
  'hget',
  'hgetall',
  'hincrby',
  'hkeys',
  'hlen',
  'hmget',
  'hmset',
  'hrandfield',
  'hscan',
  'hset',
  'hstrlen',
  'incr',
  'incrby',
  'info',
  'lindex',
  'llen',
  'lpos',
  'lpush',
  'lrange',
  'lrem',
  'lset',
  'ltrim',
  'multi',
  'pexpire',
  'pttl',
  'rpoplpush',
  'rpush',
  'sadd',
  'scan',
  'scard',
  'script|load',
  'select',
  'set',
  'smembers',
  'srem',
  'sscan',
  'time',
  'unlink',
  'xadd',
  'xtrim',
  'zadd',
  'zcard',
  'zcount',
  'zpopmin',
  'zrange',
  'zrangebyscore',
  'zrem',
  'zrevrange',
  'zrevrangebyscore',
  'zscan',
  'zscore',
] as const;

/**
 * Returns the command by which an operator creates that user, for docs/operations/scale-out.md. It may use Keybin's
 * keys and no channel. `reset` takes away what it could do before.
 */
export function redisAclCommand(): string {
  const allowed = redisCommands.map((name) => `+${name}`).join(' ');
  return `ACL SETUSER keybin reset on >PASSWORD ~${partitionPattern()}:* resetchannels ${allowed}`;
}
