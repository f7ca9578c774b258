import type { RateLimit } from '../errors.js';
import type { CertificateFile } from './certificate-file.js';
import type { TimeBudget } from '../time-budget.js';

/**
 * Checked configuration: every value is present and within its bounds. `settings.ts` has the default and the meaning of
 * each.
 */
export interface Config {
  /** These are not settings. Tests shorten them. */
  readonly times: TimeBudget;
  readonly app: {
    readonly host: string;
    /** 0 takes any free port. */
    readonly port: number;
    readonly debug: boolean;
    readonly processes: number;
    /** Number of proxies in front of the API. Each adds the address that it got a request from to `X-Forwarded-For`. */
    readonly trustProxy: number;
    /** Origins whose pages may call the API, or `*` for all. */
    readonly corsOrigins: readonly string[];
    /** URL by which clients reach the API, without a slash at its end. */
    readonly publicUrl: string | undefined;
    /** Interfaces that are served, at least one. */
    readonly dialects: readonly ('keybin' | 'api' | 'v1')[];
  };
  readonly store: {
    /** `lmdb:` or `mongodb:` URL. */
    readonly host: string;
    /** Authorities whose certificates MongoDB may have, instead of those that Node knows. */
    readonly tlsCa: CertificateFile | undefined;
    readonly database: string;
    readonly storeCollection: string;
    readonly usersCollection: string;
    readonly tokenCollection: string;
    readonly tokenExpirationSeconds: number;
  };
  readonly queue: {
    /** `redis:` or `redis+cluster:` URL. It is set if and only if the store is MongoDB. */
    readonly redis: string | undefined;
    /** Authorities whose certificates Redis and sentinels may have, instead of those that Node knows. */
    readonly tlsCa: CertificateFile | undefined;
    /** Weakest `appendfsync` of Redis with which writes are acknowledged. */
    readonly durability: 'always' | 'everysec';
    readonly partitions: number;
    /** Most pending entries, and most waiting jobs, over all partitions. */
    readonly maxBacklog: number;
    /** Most bytes of pending entries over all partitions. */
    readonly maxPendingBytes: number;
    /** Time after which the sweeper applies an entry that is still pending. */
    readonly sweepAfterSeconds: number;
    /** True if reads may miss pending writes while Redis is down. Such an answer says so. */
    readonly staleReads: boolean;
  };
  readonly worker: {
    readonly host: string;
    /** Port of `/metrics`, `/livez` and `/readyz`. 0 takes any free port, `undefined` serves nothing. */
    readonly port: number | undefined;
    /** Most entries in one bulk write. */
    readonly batchEntries: number;
    /** Most jobs that one worker has active at once, gathered into batches. */
    readonly concurrency: number;
  };
  readonly accounts: {
    /** With `code` only `/v1` registers. With `off` no interface does, and no code is sent. */
    readonly registration: 'open' | 'code' | 'off';
    /** True if no new username may have the folded form of another one (`foldedName`). */
    readonly distinctNames: boolean;
    /** True if `/api/users/ID` shows the name of an account to everyone. */
    readonly publicUsers: boolean;
    readonly bcryptCost: number;
    /** 0 means one for each core. */
    readonly hashesAtOnce: number;
    /** Most logins that may wait for a hash. The next one gets 503. */
    readonly maxWaitingHashes: number;
    /** Least length of the password of a new account. `undefined`: 1 byte. */
    readonly passwordMinBytes: number | undefined;
    readonly clientsPerAccount: number;
    /** Most bytes of all files of an account, including uploads in flight. */
    readonly fileBytesPerAccount: number;
    /** Key of signed tokens. If `undefined`, a key is made once and kept in the store. */
    readonly signingSecret: string | undefined;
    readonly signedTokenExpirationSeconds: number;
  };
  /** Settings of the `/v1` dialect. */
  readonly v1: {
    readonly tokenExpirationSeconds: number;
    /** Lifetime of an identify code. */
    readonly codeExpirationSeconds: number;
    readonly codeDelivery: 'response' | 'log' | 'webhook';
    /** URL of the webhook. It and `webhookSecret` are set if codes are delivered by webhook. */
    readonly webhookUrl: string | undefined;
    readonly webhookSecret: string | undefined;
    /** Longest time for all attempts to deliver one code. */
    readonly webhookTimeoutSeconds: number;
  };
  /** Settings of the queue dashboard below `/admin/queues`. */
  readonly admin: {
    /** `undefined`, together with the password, if there is no dashboard. */
    readonly user: string | undefined;
    readonly password: string | undefined;
    /** True if the dashboard may change the queue. */
    readonly queueChanges: boolean;
  };
  readonly metrics: {
    /** True if `/metrics` is served. */
    readonly enabled: boolean;
    /** Token that `/metrics` requires as `Authorization: Bearer`. If `undefined`, it requires none. */
    readonly token: string | undefined;
  };
  readonly limits: {
    readonly bodyBytes: number;
    /** Total size of the request bodies in memory, per process. */
    readonly bodiesBytes: number;
    /** Most JSON values in one request body. `undefined`: no limit but `bodyBytes`. */
    readonly valueNodes: number | undefined;
    /** Largest uploaded file. */
    readonly answersBytes: number;
    readonly fileBytes: number;
    /** Most uploads in flight in one process, and as many downloads. */
    readonly transfersAtOnce: number;
    /**
     * Longest time for a whole request to arrive. An upload, or a response with a file, may take longer while it makes
     * progress.
     */
    readonly requestTimeoutSeconds: number;
    /** Time after SIGTERM for load balancers to notice. */
    readonly drainDelaySeconds: number;
    /** Time after that for requests and jobs in flight to finish. */
    readonly drainTimeoutSeconds: number;
    /** Each of these rates may be `undefined`: no limit. */
    readonly failedLoginsPerAddress: RateLimit | undefined;
    /** Failed logins to one account from one address. */
    readonly failedLoginsPerAccount: RateLimit | undefined;
    /** Failed logins to one account from all addresses that have not logged in to it lately. */
    readonly failedLoginsPerAccountEverywhere: RateLimit | undefined;
    readonly registrationsPerAddress: RateLimit | undefined;
    readonly publicUsersPerAddress: RateLimit | undefined;
    readonly identifyCodesPerAddress: RateLimit | undefined;
    /** These three limit codes that reach somebody else than the client. */
    readonly identifyCodesPerName: RateLimit | undefined;
    readonly identifyCodesPerNameDaily: RateLimit | undefined;
    /** Codes for one name to all addresses that have not logged in to its account lately. */
    readonly identifyCodesPerNameEverywhere: RateLimit | undefined;
  };
}

/** Share of `[QUEUE] max_pending_bytes` that is kept for the jobs of pending writes. */
export const queuedJobsShare = 1 / 16;
