import type { Config } from './config.js';
import { certificateFileKind } from './certificate-file.js';
import { publicUrlKind, redisUrlKind, storeUrlKind, webhookUrlKind } from './url-kinds.js';
import {
  adminPassword,
  adminUser,
  bearerToken,
  listenHost,
  mongoName,
  numberOrOff,
  oneOf,
  origins,
  portOrNone,
  rateLimit,
  signingSecret,
  size,
  someOf,
  webhookSecret,
  wholeNumber,
  yesOrNo,
  type SettingKind,
} from './setting-kinds.js';

/** Setting with its name and default as in `store.cfg`, and the kind that reads its text. */
export interface Setting<T = unknown> {
  readonly key: string;
  readonly default: string;
  readonly comment: string;
  readonly kind: SettingKind<T>;
}

type Settings = {
  readonly [S in Exclude<keyof Config, 'times'>]: { readonly [K in keyof Config[S]]: Setting<Config[S][K]> };
};

const tenYearsSeconds = 315_360_000;
const kib = 1_024;
const gib = 1_024 ** 3;

function setting<T>(key: string, defaultText: string, kind: SettingKind<T>, comment: string): Setting<T> {
  return { key, default: defaultText, kind, comment };
}

/**
 * All settings, at their place in `Config`. A section of the file has the upper-case name of its part here. The shipped
 * `store.cfg`, docs/configuration.md and the names in the environment all follow from this.
 */
export const settings: Settings = {
  app: {
    host: setting('host', '127.0.0.1', listenHost, 'Host to listen on'),
    port: setting('port', '5000', wholeNumber(0, 65_535), 'Port to listen on; 0 takes any free port'),
    debug: setting('debug', 'false', yesOrNo, 'Log each request and each job'),
    processes: setting(
      'processes',
      '1',
      wholeNumber(1, 256),
      'Number of API processes that share the port and, on the embedded engine, the directory',
    ),
    trustProxy: setting(
      'trust_proxy',
      '0',
      wholeNumber(0, 16),
      'Number of proxies in front of the API that add to X-Forwarded-For; 0 ignores that header',
    ),
    corsOrigins: setting(
      'cors_origins',
      '',
      origins,
      'Origins of the web pages that may call the API from a browser (CORS)',
    ),
    publicUrl: setting(
      'public_url',
      '',
      publicUrlKind,
      'URL by which clients reach the API, for Location; empty takes the Host of each request, or what a trusted proxy forwards',
    ),
    dialects: setting(
      'dialects',
      'keybin, api, v1',
      someOf('keybin', 'api', 'v1'),
      'Interfaces to serve: key/value (keybin), /api, /v1; the routes of the others get 404',
    ),
  },
  store: {
    host: setting(
      'host',
      'lmdb://./data',
      storeUrlKind,
      'Store: a directory (lmdb://./data, lmdb:///var/lib/keybin) or a MongoDB (mongodb://127.0.0.1:27017/)',
    ),
    tlsCa: setting(
      'tls_ca',
      '',
      certificateFileKind,
      'File with the authorities that TLS to MongoDB trusts; empty trusts those that Node knows',
    ),
    database: setting('database', 'store', mongoName, 'Name of the database (MongoDB)'),
    storeCollection: setting('store_collection', 'store', mongoName, 'Collection for entries and posts (MongoDB)'),
    usersCollection: setting('users_collection', 'users', mongoName, 'Collection for accounts (MongoDB)'),
    tokenCollection: setting('token_collection', 'tokens', mongoName, 'Collection for tokens (MongoDB)'),
    tokenExpirationSeconds: setting(
      'token_expiration',
      '300',
      wholeNumber(1, tenYearsSeconds, 'seconds'),
      'Lifetime of a token of the key/value interface, in seconds',
    ),
  },
  queue: {
    redis: setting(
      'redis',
      '',
      redisUrlKind,
      'Redis that a MongoDB store needs (redis://127.0.0.1:6379), nodes of a Redis Cluster (redis+cluster://HOST:PORT,HOST:PORT), or sentinels (redis+sentinel://HOST:PORT,HOST:PORT/NAME)',
    ),
    tlsCa: setting(
      'tls_ca',
      '',
      certificateFileKind,
      'File with the authorities that TLS to Redis and sentinels trusts; empty trusts those that Node knows',
    ),
    durability: setting(
      'durability',
      'always',
      oneOf('always', 'everysec'),
      'Weakest appendfsync that Redis may have; everysec can lose the last second or two of acknowledged writes',
    ),
    partitions: setting(
      'partitions',
      '1',
      wholeNumber(1, 1_024),
      'Number of parts of the queue, for a Redis Cluster; change it only while no write is pending',
    ),
    maxBacklog: setting(
      'max_backlog',
      '1000000',
      wholeNumber(1, 1_000_000_000),
      'Most writes that may be pending; further writes get 503',
    ),
    maxPendingBytes: setting(
      'max_pending_bytes',
      '256MiB',
      size(kib, 1_024 * gib),
      'Most space in Redis for pending writes and their jobs; further writes get 503',
    ),
    sweepAfterSeconds: setting(
      'sweep_after',
      '15',
      wholeNumber(1, 86_400, 'seconds'),
      'Seconds a write may be pending before a worker applies it without its job',
    ),
    staleReads: setting(
      'stale_reads',
      'off',
      yesOrNo,
      'While Redis is down, read from MongoDB and miss pending writes; off returns 503 instead',
    ),
  },
  worker: {
    host: setting('host', '127.0.0.1', listenHost, 'Host the worker listens on, if it has a port'),
    port: setting(
      'port',
      '',
      portOrNone,
      'Port for /metrics, /livez and /readyz of the worker; 0 takes any free port, empty serves nothing',
    ),
    batchEntries: setting('batch_entries', '500', wholeNumber(1, 10_000), 'Most writes in one batch'),
    concurrency: setting('concurrency', '100', wholeNumber(1, 10_000), 'Most jobs that a worker holds at once'),
  },
  accounts: {
    registration: setting(
      'registration',
      'open',
      oneOf('open', 'code', 'off'),
      'Registration over HTTP: in every interface, only in /v1 with an identify code, or off; others get 403',
    ),
    distinctNames: setting(
      'distinct_names',
      'off',
      yesOrNo,
      'Refuse a new username that differs from another one only in case, width or composition, or is not NFC, or has white space at its ends',
    ),
    publicUsers: setting(
      'public_users',
      'on',
      yesOrNo,
      'Show the name of each account at /api/users/ID to everyone; off answers as if there were no such account',
    ),
    bcryptCost: setting(
      'bcrypt_cost',
      '12',
      wholeNumber(4, 31),
      'Cost of new password hashes; each step doubles the time of a login',
    ),
    hashesAtOnce: setting(
      'hashes_at_once',
      '0',
      wholeNumber(0, 256),
      'Passwords hashed at the same time; 0 means one per core',
    ),
    maxWaitingHashes: setting(
      'max_waiting_hashes',
      '64',
      wholeNumber(0, 100_000),
      'Most logins that may wait to be hashed; with one more, the address with the most of them gets 503',
    ),
    passwordMinBytes: setting(
      'password_min_bytes',
      'off',
      numberOrOff(1, 72, 'bytes'),
      'Least length of the password of a new account; off accepts any that is not empty',
    ),
    clientsPerAccount: setting(
      'clients_per_account',
      '100',
      wholeNumber(1, 100_000),
      'Most clients of an account with a token; a new client replaces the oldest',
    ),
    fileBytesPerAccount: setting(
      'file_bytes_per_account',
      '10GiB',
      size(1, 1_024 * gib),
      'Most space for the files of an account, uploads in flight included, at least 4 KiB each; more gets 507',
    ),
    signingSecret: setting(
      'signing_secret',
      '',
      signingSecret,
      'Key that signs the tokens of /api (HS256); by default it is created at the first start and kept in the store',
    ),
    signedTokenExpirationSeconds: setting(
      'signed_token_expiration',
      '600',
      wholeNumber(1, tenYearsSeconds, 'seconds'),
      'Lifetime of a token of /api, in seconds',
    ),
  },
  v1: {
    tokenExpirationSeconds: setting(
      'token_expiration',
      '6000',
      wholeNumber(1, tenYearsSeconds, 'seconds'),
      'Lifetime of a token of /v1, in seconds',
    ),
    codeExpirationSeconds: setting(
      'code_expiration',
      '600',
      wholeNumber(1, 86_400, 'seconds'),
      'Lifetime of an identify code, in seconds',
    ),
    codeDelivery: setting(
      'code_delivery',
      'response',
      oneOf('response', 'log', 'webhook'),
      'How an identify code is delivered: in the response, in the log, or to webhook_url',
    ),
    webhookUrl: setting('webhook_url', '', webhookUrlKind, 'URL that identify codes are posted to'),
    webhookSecret: setting('webhook_secret', '', webhookSecret, 'Key that signs the posts to webhook_url'),
    webhookTimeoutSeconds: setting(
      'webhook_timeout',
      '2',
      wholeNumber(1, 60, 'seconds'),
      'Seconds for all attempts to post a code; after that the client gets 503',
    ),
  },
  admin: {
    user: setting(
      'user',
      '',
      adminUser,
      'User name for the queue dashboard at /admin/queues; it is off unless user and password are set',
    ),
    password: setting('password', '', adminPassword, 'Password for the queue dashboard'),
    queueChanges: setting(
      'queue_changes',
      'off',
      yesOrNo,
      'Allow changes in the queue dashboard; off makes it read-only',
    ),
  },
  metrics: {
    enabled: setting('enabled', 'on', yesOrNo, 'Serve /metrics for Prometheus, on the API and on the worker port'),
    token: setting(
      'token',
      '',
      bearerToken,
      'Token that /metrics requires as "Authorization: Bearer ..."; empty lets everyone who reaches the port read it',
    ),
  },
  limits: {
    bodyBytes: setting('body_bytes', '1MiB', size(1, gib), 'Largest request body; a larger one gets 413'),
    bodiesBytes: setting(
      'bodies_bytes',
      '32MiB',
      size(kib, 1_024 * gib),
      'Total size of the request bodies in memory, per process; others wait up to a second, then get 503',
    ),
    answersBytes: setting(
      'answers_bytes',
      '64MiB',
      size(4 * kib, 1_024 * gib),
      'Total size of the answers that clients have not taken yet, per process; one account may have a quarter; more of it get 503',
    ),
    valueNodes: setting(
      'value_nodes',
      'off',
      numberOrOff(1, 1_000_000_000),
      'Most JSON values in one request body, those within each other included; more get 400; off sets no limit',
    ),
    fileBytes: setting('file_bytes', '1GiB', size(1, 1_024 * gib), 'Largest uploaded file; a larger one gets 413'),
    transfersAtOnce: setting(
      'transfers_at_once',
      '100',
      wholeNumber(1, 100_000),
      'Uploads at once per process, and as many downloads, long lists included; one account may have a quarter of them; more get 503',
    ),
    requestTimeoutSeconds: setting(
      'request_timeout',
      '30',
      wholeNumber(1, 3_600, 'seconds'),
      'Seconds for a request to arrive, and for an upload or a response to make progress',
    ),
    drainDelaySeconds: setting(
      'drain_delay',
      '0',
      wholeNumber(0, 3_600, 'seconds'),
      'Seconds to keep serving after SIGTERM while /readyz already returns 503; drain_timeout starts after that',
    ),
    drainTimeoutSeconds: setting(
      'drain_timeout',
      '8',
      wholeNumber(1, 3_600, 'seconds'),
      'Seconds for a graceful shutdown to finish what is in flight',
    ),
    failedLoginsPerAddress: setting(
      'failed_logins_per_address',
      '200/900',
      rateLimit,
      'Failed logins from one address, per window of seconds; more get 429',
    ),
    failedLoginsPerAccount: setting(
      'failed_logins_per_account',
      '20/900',
      rateLimit,
      'Failed logins to one account from one address',
    ),
    failedLoginsPerAccountEverywhere: setting(
      'failed_logins_per_account_everywhere',
      '200/3600',
      rateLimit,
      'Failed logins to one account from all addresses; does not apply to addresses that logged in within two weeks',
    ),
    registrationsPerAddress: setting(
      'registrations_per_address',
      '200/3600',
      rateLimit,
      'Registrations from one address, including failed ones',
    ),
    publicUsersPerAddress: setting(
      'public_users_per_address',
      '600/60',
      rateLimit,
      'Accounts looked up at /api/users/ID from one address',
    ),
    identifyCodesPerAddress: setting(
      'identify_codes_per_address',
      '200/3600',
      rateLimit,
      'Identify codes requested from one address',
    ),
    identifyCodesPerName: setting(
      'identify_codes_per_name',
      '1/60',
      rateLimit,
      'Identify codes requested for one name from one address; these three do not apply to code_delivery = response',
    ),
    identifyCodesPerNameDaily: setting(
      'identify_codes_per_name_daily',
      '10/86400',
      rateLimit,
      'Identify codes requested for one name from one address, over a longer time',
    ),
    identifyCodesPerNameEverywhere: setting(
      'identify_codes_per_name_everywhere',
      '50/86400',
      rateLimit,
      'Identify codes requested for one name from all addresses; does not apply to addresses that logged in within two weeks',
    ),
  },
};

/** Section of `store.cfg` with its settings and their names in `Config`. */
export interface Section {
  readonly name: string;
  readonly settings: readonly (readonly [property: string, setting: Setting])[];
}

/** Sections in the order of the shipped file. */
export const sections: readonly Section[] = Object.entries(settings).map(([part, members]) => ({
  name: part.toUpperCase(),
  settings: Object.entries(members),
}));

/** Returns the name of a setting in the environment. */
export const variableOf = (section: string, key: string) => `KEYBIN_${section}_${key.toUpperCase()}`;
