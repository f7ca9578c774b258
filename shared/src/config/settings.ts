import type { Config } from './config.js';
import { redisUrl, storeUrl, webhookUrl } from './url-value.js';
import {
  adminPassword,
  adminUser,
  bearerToken,
  listenHost,
  mongoName,
  oneOf,
  origins,
  portOrNone,
  rateLimit,
  signingSecret,
  size,
  webhookSecret,
  wholeNumber,
  yesOrNo,
  type Kind,
} from './value.js';

/** One setting: its name and default as they stand in `store.cfg`, and how its text is read. */
export interface Setting<T = unknown> {
  readonly key: string;
  readonly default: string;
  readonly comment: string;
  readonly kind: Kind<T>;
}

type Settings = {
  readonly [S in keyof Config]: { readonly [K in keyof Config[S]]: Setting<Config[S][K]> };
};

const tenYearsSeconds = 315_360_000;
const kib = 1_024;
const gib = 1_024 ** 3;

function setting<T>(key: string, defaultText: string, kind: Kind<T>, comment: string): Setting<T> {
  return { key, default: defaultText, kind, comment };
}

/**
 * Every setting there is, at its place in `Config`. A section of the file is the upper-case name of its part here; the shipped
 * `store.cfg`, the table in the README and the names in the environment all follow from this.
 */
export const settings: Settings = {
  app: {
    host: setting('host', '127.0.0.1', listenHost, 'Host on which to listen for connections'),
    port: setting('port', '5000', wholeNumber(0, 65_535), 'Port on which to run the server; 0 takes any free one'),
    debug: setting('debug', 'false', yesOrNo, 'Log in more detail'),
    processes: setting('processes', '1', wholeNumber(1, 256), 'API processes that share the port'),
    trustProxy: setting(
      'trust_proxy',
      '0',
      wholeNumber(0, 16),
      'Proxies in front that each add to X-Forwarded-For whom they serve; 0 believes that field of nobody',
    ),
    corsOrigins: setting(
      'cors_origins',
      '',
      origins,
      'Web pages that may call the API from a browser (CORS), by their origins',
    ),
  },
  store: {
    host: setting(
      'host',
      'lmdb://./data',
      storeUrl,
      'Where the data is: a directory (lmdb://./data, lmdb:///var/lib/keybin) or a MongoDB (mongodb://127.0.0.1:27017/)',
    ),
    database: setting('database', 'store', mongoName, 'Database name (MongoDB)'),
    storeCollection: setting('store_collection', 'store', mongoName, 'Collection of the entries (MongoDB)'),
    usersCollection: setting('users_collection', 'users', mongoName, 'Collection of the accounts (MongoDB)'),
    tokenCollection: setting('token_collection', 'tokens', mongoName, 'Collection of the tokens (MongoDB)'),
    tokenExpirationSeconds: setting(
      'token_expiration',
      '300',
      wholeNumber(1, tenYearsSeconds, 'seconds'),
      'Token expiration in seconds',
    ),
  },
  queue: {
    redis: setting(
      'redis',
      '',
      redisUrl,
      'Redis for a MongoDB store (redis://127.0.0.1:6379), or nodes of a Redis Cluster (redis+cluster://HOST:PORT,HOST:PORT)',
    ),
    durability: setting(
      'durability',
      'always',
      oneOf('always', 'everysec'),
      "The least that Redis's appendfsync must be; everysec may lose the last second or two of answered writes",
    ),
    partitions: setting(
      'partitions',
      '1',
      wholeNumber(1, 1_024),
      'Parts that the queue is divided into, for a Redis Cluster; changed only while nothing is pending',
    ),
    maxBacklog: setting(
      'max_backlog',
      '1000000',
      wholeNumber(1, 1_000_000_000),
      'Writes that may wait for the worker; more are answered 503',
    ),
    maxPendingBytes: setting(
      'max_pending_bytes',
      '256MiB',
      size(kib, 1_024 * gib),
      'Room in Redis for writes that wait for the worker; more are answered 503',
    ),
    sweepAfterSeconds: setting(
      'sweep_after',
      '15',
      wholeNumber(1, 86_400, 'seconds'),
      'Seconds that a write may wait before the worker looks for it without its job',
    ),
    staleReads: setting(
      'stale_reads',
      'off',
      yesOrNo,
      'While Redis is away read from MongoDB alone, without the writes that wait for the worker; off answers 503',
    ),
  },
  worker: {
    host: setting('host', '127.0.0.1', listenHost, 'Host on which the worker listens, if it has a port'),
    port: setting(
      'port',
      '',
      portOrNone,
      'Port on which the worker serves /metrics, /livez and /readyz; 0 takes any free one, without one it serves nothing',
    ),
    batchEntries: setting('batch_entries', '500', wholeNumber(1, 10_000), 'Writes that the worker applies at once'),
    concurrency: setting('concurrency', '100', wholeNumber(1, 10_000), 'Jobs that a worker has in hand at once'),
  },
  accounts: {
    bcryptCost: setting(
      'bcrypt_cost',
      '12',
      wholeNumber(4, 31),
      'Cost of a new password hash: each step doubles the time of a login',
    ),
    hashesAtOnce: setting(
      'hashes_at_once',
      '0',
      wholeNumber(0, 256),
      'Passwords that are hashed at the same time; 0 is one for each core',
    ),
    maxWaitingHashes: setting(
      'max_waiting_hashes',
      '64',
      wholeNumber(0, 100_000),
      'Logins that may wait for their hash; more are answered 503',
    ),
    clientsPerAccount: setting(
      'clients_per_account',
      '100',
      wholeNumber(1, 100_000),
      'Clients of an account that may have a token; the oldest makes room',
    ),
    fileBytesPerAccount: setting(
      'file_bytes_per_account',
      '10GiB',
      size(1, 1_024 * gib),
      'Room for the files of an account, at least 4 KiB each, uploads under way included; more are answered 507',
    ),
    signingSecret: setting(
      'signing_secret',
      '',
      signingSecret,
      'Key of the signed tokens of /api (HS256); without one it is made at the first start and kept in the store',
    ),
    signedTokenExpirationSeconds: setting(
      'signed_token_expiration',
      '600',
      wholeNumber(1, tenYearsSeconds, 'seconds'),
      'Seconds that a signed token of /api lives',
    ),
  },
  v1: {
    tokenExpirationSeconds: setting(
      'token_expiration',
      '6000',
      wholeNumber(1, tenYearsSeconds, 'seconds'),
      'Seconds that a token of /v1 lives',
    ),
    codeExpirationSeconds: setting(
      'code_expiration',
      '600',
      wholeNumber(1, 86_400, 'seconds'),
      'Seconds that an identify code lives',
    ),
    codeDelivery: setting(
      'code_delivery',
      'response',
      oneOf('response', 'log', 'webhook'),
      'How an identify code gets to whoever asks for it: in the answer, in the log, or by what webhook_url does with it',
    ),
    webhookUrl: setting('webhook_url', '', webhookUrl, 'Where identify codes are posted to'),
    webhookSecret: setting('webhook_secret', '', webhookSecret, 'Key of the signatures that the receiver checks'),
    webhookTimeoutSeconds: setting(
      'webhook_timeout',
      '2',
      wholeNumber(1, 60, 'seconds'),
      'Seconds for all tries to post a code; whoever asks for it is answered 503 then',
    ),
  },
  admin: {
    user: setting(
      'user',
      '',
      adminUser,
      'Name for the dashboard of the queue, /admin/queues; without name and password there is none',
    ),
    password: setting('password', '', adminPassword, 'Password for it'),
    queueChanges: setting('queue_changes', 'off', yesOrNo, 'Let the dashboard change the queue; off only shows it'),
  },
  metrics: {
    enabled: setting(
      'enabled',
      'on',
      yesOrNo,
      'Serve /metrics for Prometheus, on the API and on the port of the worker',
    ),
    token: setting(
      'token',
      '',
      bearerToken,
      'What /metrics wants to see as "Authorization: Bearer ..."; without one whoever reaches the port may read it',
    ),
  },
  limits: {
    bodyBytes: setting('body_bytes', '1MiB', size(1, gib), 'Largest body of a request; a larger one is answered 413'),
    bodiesBytes: setting(
      'bodies_bytes',
      '32MiB',
      size(kib, 1_024 * gib),
      'Bodies that each process has in memory at once; others wait for a second and are answered 503 then',
    ),
    fileBytes: setting(
      'file_bytes',
      '1GiB',
      size(1, 1_024 * gib),
      'Largest uploaded file; a larger one is answered 413',
    ),
    transfersAtOnce: setting(
      'transfers_at_once',
      '100',
      wholeNumber(1, 100_000),
      'Uploads, and downloads, that a process has at the same time, a quarter of them for one account; more are answered 503',
    ),
    requestTimeoutSeconds: setting(
      'request_timeout',
      '30',
      wholeNumber(1, 3_600, 'seconds'),
      'Seconds in which a request must have arrived, or the next part of an upload, or an answer must have gone on',
    ),
    drainDelaySeconds: setting(
      'drain_delay',
      '0',
      wholeNumber(0, 3_600, 'seconds'),
      'Seconds that an API which was told to end goes on as before while /readyz says 503; then drain_timeout begins',
    ),
    drainTimeoutSeconds: setting(
      'drain_timeout',
      '8',
      wholeNumber(1, 3_600, 'seconds'),
      'Seconds that a process which was told to end has for what is under way',
    ),
    failedLoginsPerAddress: setting(
      'failed_logins_per_address',
      '200/900',
      rateLimit,
      'Logins from one address that may fail, in so many seconds; then 429',
    ),
    failedLoginsPerAccount: setting(
      'failed_logins_per_account',
      '20/900',
      rateLimit,
      'Logins to one account from one address that may fail',
    ),
    failedLoginsPerAccountEverywhere: setting(
      'failed_logins_per_account_everywhere',
      '200/3600',
      rateLimit,
      'Logins to one account that may fail; then 429, but not where it was logged in to within two weeks',
    ),
    registrationsPerAddress: setting(
      'registrations_per_address',
      '200/3600',
      rateLimit,
      'Registrations from one address, whether they succeed or not',
    ),
    identifyCodesPerAddress: setting(
      'identify_codes_per_address',
      '200/3600',
      rateLimit,
      'Identify codes that one address may ask for',
    ),
  },
};

/** A section of `store.cfg` with its settings and their names in `Config`. */
export interface Section {
  readonly name: string;
  readonly settings: readonly (readonly [property: string, setting: Setting])[];
}

/** The settings in the order of the shipped file. */
export const sections: readonly Section[] = Object.entries(settings).map(([part, members]) => ({
  name: part.toUpperCase(),
  settings: Object.entries(members),
}));

/** The name of a setting in the environment. */
export const variableOf = (section: string, key: string) => `KEYBIN_${section}_${key.toUpperCase()}`;
