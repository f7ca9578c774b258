import { queuedJobsShare, type Config } from './config.js';
import { ConfigError } from './config-error.js';
import { databaseInUrl, hasUser, usesTls } from './mongodb-url.js';
import { notAcceptedProblem } from './problems.js';
import { nameOf, type RawSettings } from './raw-settings.js';
import { isTlsUrl } from './redis-url.js';
import { timeBudget } from '../time-budget.js';
import { sections, settings, variableOf } from './settings.js';

/**
 * Returns the checked configuration. A setting that was not given has its default. Throws a `ConfigError` with every
 * problem: those of `raw`, each value that is not accepted, and values that fit neither each other nor `times`.
 */
export function checkSettings(raw: RawSettings, times = timeBudget()): Config {
  const problems = [...raw.problems];
  const parts: Record<string, Record<string, unknown>> = {};
  for (const section of sections) {
    const part: Record<string, unknown> = (parts[section.name.toLowerCase()] = {});
    for (const [property, setting] of section.settings) {
      const given = raw.given.get(nameOf(section.name, setting.key));
      const parsed = setting.kind.parse(given?.text ?? setting.default);
      if ('value' in parsed) part[property] = parsed.value;
      else if (given) problems.push(notAcceptedProblem(given, parsed.accepted, setting.kind.secret));
      else throw new Error(`The default of [${section.name}] ${setting.key} is not accepted`);
    }
  }
  problems.push(...unmatched(raw), ...otherDatabase(raw));
  if (problems.length > 0) throw new ConfigError(problems);
  // `settings` has the shape of `Config`, and each kind has the type of its member
  const config = { ...parts, times } as unknown as Config;
  for (const check of [tooNarrow, withoutReceiver, halfAnAdmin, tooSoonDrained, withoutTls]) {
    problems.push(...check(config));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** Upper estimate of a key and the head of its pending entry. */
const entryOverheadBytes = 1_024;

/**
 * Returns a problem if the share of a partition in the pending bytes cannot hold the largest value: such a value would
 * be refused forever.
 */
function tooNarrow({ queue, limits }: Config): string[] {
  const leastBytes = Math.ceil(((limits.bodyBytes + entryOverheadBytes) * queue.partitions) / (1 - queuedJobsShare));
  if (queue.redis === undefined || queue.maxPendingBytes >= leastBytes) return [];
  return [
    `[QUEUE] max_pending_bytes is ${queue.maxPendingBytes}; accepted: at least ${leastBytes}, enough for one body of ` +
      `[LIMITS] body_bytes (${limits.bodyBytes}) in each of ${queue.partitions} partitions`,
  ];
}

/**
 * Returns a problem if a graceful shutdown is too short. After transfers were ended, the rest of its time is for
 * removing broken uploads and answering them.
 */
function tooSoonDrained({ limits, times }: Config): string[] {
  const { transfersShare, uploadRemovalMs, idleGraceMs, echoedSignalMs } = times;
  const leastMs = Math.max(uploadRemovalMs / (1 - transfersShare), idleGraceMs, echoedSignalMs);
  if (limits.drainTimeoutSeconds * 1_000 > leastMs) return [];
  return [
    `[LIMITS] drain_timeout is ${limits.drainTimeoutSeconds}; accepted: more than ${leastMs / 1_000} seconds, to notice ` +
      'idle connections and remove broken uploads',
  ];
}

/**
 * Returns a problem for each setting that a webhook needs and that is missing: its address, and the key that signs its
 * messages.
 */
function withoutReceiver({ v1 }: Config): string[] {
  if (v1.codeDelivery !== 'webhook') return [];
  return (['webhookUrl', 'webhookSecret'] as const)
    .filter((name) => v1[name] === undefined)
    .map((name) => {
      const { key, kind } = settings.v1[name];
      return `[V1] ${key} is missing: [V1] code_delivery = webhook requires it; accepted: ${kind.accepted}`;
    });
}

/**
 * Returns a problem if only one of user and password is set. Then anyone who knows the name could open the dashboard,
 * or nobody could.
 */
function halfAnAdmin({ admin }: Config): string[] {
  const missing = (['user', 'password'] as const).filter((name) => admin[name] === undefined);
  if (missing.length !== 1) return [];
  return missing.map((name) => `[ADMIN] ${name} is missing, but the other one is set; accepted: both or neither`);
}

/** Returns a problem for each file of authorities that no connection would use. */
function withoutTls({ queue, store }: Config): string[] {
  const problems = [];
  if (queue.tlsCa && !isTlsUrl(queue.redis ?? '')) {
    problems.push(
      '[QUEUE] tls_ca is set, but [QUEUE] redis uses no TLS; accepted: rediss://, rediss+..., or no tls_ca',
    );
  }
  if (store.tlsCa && !usesTls(store.host)) {
    problems.push(
      '[STORE] tls_ca is set, but [STORE] host uses no TLS; accepted: mongodb://.../?tls=true, or no tls_ca',
    );
  }
  return problems;
}

/**
 * Returns a problem if the URL of MongoDB names another database than `[STORE] database`. Only `admin` is accepted,
 * with a user: there MongoDB usually knows its users.
 */
function otherDatabase({ given }: RawSettings): string[] {
  const host = given.get(nameOf('STORE', 'host'));
  const named = databaseInUrl(host?.text ?? '');
  const used = given.get(nameOf('STORE', 'database'))?.text ?? settings.store.database.default;
  if (!host || named === '' || named === used || (named === 'admin' && hasUser(host.text))) return [];
  const remedy = `[STORE] database = ${named} (${variableOf('STORE', 'database')}), or no database in the URL`;
  const forUser = hasUser(host.text) ? `; if MongoDB knows the user there, ?authSource=${named}` : '';
  return [`${host.origin} names the database "${named}", but ${used} would be used; accepted: ${remedy}${forUser}`];
}

/** Returns a problem unless a MongoDB store has a Redis and an embedded store has none. */
function unmatched({ given }: RawSettings): string[] {
  const host = given.get(nameOf('STORE', 'host'))?.text ?? settings.store.host.default;
  const redis = given.get(nameOf('QUEUE', 'redis'));
  const variable = variableOf('QUEUE', 'redis');
  const example = 'redis://127.0.0.1:6379';
  if (host.startsWith('mongodb') && !redis?.text) {
    return [
      '[QUEUE] redis is missing: a MongoDB store requires a Redis for its queue; accepted: ' +
        `the line "redis = ${example}" below [QUEUE] in the file, or ${variable}=${example} in the environment`,
    ];
  }
  if (host.startsWith('lmdb') && redis?.text) {
    const accepted = `no Redis with an lmdb:// store, or a MongoDB URL as [STORE] host (${variableOf('STORE', 'host')})`;
    return [notAcceptedProblem(redis, accepted)];
  }
  return [];
}
