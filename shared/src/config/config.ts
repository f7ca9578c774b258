import type { RateLimit } from '../errors.js';
import type { TimeBudget } from '../time-budget.js';

/** The checked configuration: every value present and within its bounds. `settings.ts` has each one's default and meaning. */
export interface Config {
  /** Not settings: tests shorten them. */
  readonly times: TimeBudget;
  readonly app: {
    readonly host: string;
    /** 0: any free port. */
    readonly port: number;
    readonly debug: boolean;
    readonly processes: number;
    /** Proxies in front of the API that each add whom they got a request from to `X-Forwarded-For`. */
    readonly trustProxy: number;
    /** Origins whose pages may call the API, or `*` for all. */
    readonly corsOrigins: readonly string[];
  };
  readonly store: {
    /** `lmdb:` or `mongodb:` URL. */
    readonly host: string;
    readonly database: string;
    readonly storeCollection: string;
    readonly usersCollection: string;
    readonly tokenCollection: string;
    readonly tokenExpirationSeconds: number;
  };
  readonly queue: {
    /** `redis:` or `redis+cluster:` URL; there is one exactly if the store is MongoDB. */
    readonly redis: string | undefined;
    /** The least that Redis's own settings must give for an answered write. */
    readonly durability: 'always' | 'everysec';
    readonly partitions: number;
    /** Entries pending, and jobs waiting, over all partitions. */
    readonly maxBacklog: number;
    /** Over all partitions. */
    readonly maxPendingBytes: number;
    /** An entry that has been pending for longer is applied by the sweeper. */
    readonly sweepAfterSeconds: number;
    /** While Redis is away reads may miss what is pending, and say so. */
    readonly staleReads: boolean;
  };
  readonly worker: {
    readonly host: string;
    /** Of `/metrics`, `/livez` and `/readyz`; 0: any free port; `undefined`: none. */
    readonly port: number | undefined;
    /** Entries in one bulk write. */
    readonly batchEntries: number;
    /** Jobs that one worker has active at once, gathered into batches. */
    readonly concurrency: number;
  };
  readonly accounts: {
    readonly bcryptCost: number;
    /** 0: one for each core. */
    readonly hashesAtOnce: number;
    /** Logins that may wait for a hash before the next one is answered 503. */
    readonly maxWaitingHashes: number;
    readonly clientsPerAccount: number;
    /** What the files of an account may take, uploads under way included. */
    readonly fileBytesPerAccount: number;
    /** The key of signed tokens; `undefined`: one that is made once and kept in the store. */
    readonly signingSecret: string | undefined;
    readonly signedTokenExpirationSeconds: number;
  };
  /** The accounts dialect. */
  readonly v1: {
    readonly tokenExpirationSeconds: number;
    /** Of an identify code. */
    readonly codeExpirationSeconds: number;
    readonly codeDelivery: 'response' | 'log' | 'webhook';
    /** There are both if a webhook is the delivery. */
    readonly webhookUrl: string | undefined;
    readonly webhookSecret: string | undefined;
    /** For all tries of one code. */
    readonly webhookTimeoutSeconds: number;
  };
  /** The dashboard of the queue below `/admin/queues`. */
  readonly admin: {
    /** `undefined`, as the password is then: there is no dashboard. */
    readonly user: string | undefined;
    readonly password: string | undefined;
    /** Whether the dashboard may change the queue. */
    readonly queueChanges: boolean;
  };
  readonly metrics: {
    /** Whether there is `/metrics`. */
    readonly enabled: boolean;
    /** What `/metrics` wants as `Authorization: Bearer`; `undefined`: nothing. */
    readonly token: string | undefined;
  };
  readonly limits: {
    readonly bodyBytes: number;
    /** Of all requests of a process whose bodies are in memory. */
    readonly bodiesBytes: number;
    /** For one uploaded file. */
    readonly fileBytes: number;
    /** Uploads under way in one process, and downloads. */
    readonly transfersAtOnce: number;
    /** For a whole request to arrive; an upload, or an answer with a file, may take longer while it comes on. */
    readonly requestTimeoutSeconds: number;
    /** After SIGTERM, for load balancers to notice. */
    readonly drainDelaySeconds: number;
    /** For what is under way to end, after that. */
    readonly drainTimeoutSeconds: number;
    /** Each `undefined`: no limit. */
    readonly failedLoginsPerAddress: RateLimit | undefined;
    /** From one address. */
    readonly failedLoginsPerAccount: RateLimit | undefined;
    /** From all addresses from which nobody has logged in to it lately. */
    readonly failedLoginsPerAccountEverywhere: RateLimit | undefined;
    readonly registrationsPerAddress: RateLimit | undefined;
    readonly identifyCodesPerAddress: RateLimit | undefined;
  };
}
