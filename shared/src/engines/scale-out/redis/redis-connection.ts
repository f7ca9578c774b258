import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { orTimeout } from '../../../deadline.js';
import { KeybinError, unavailable } from '../../../errors.js';
import type { Log } from '../../../process/log.js';
import type { TimeBudget } from '../../../time-budget.js';
import { ForeignQueueError } from './foreign-queue-error.js';
import { epochKey, partitionPrefix } from './keys.js';
import type { ConnectOptions, RedisTopology } from './redis-topology.js';
import { loadScript, runScript } from './scripts.js';

/** Fails at once while Redis is away, and never sends a command a second time: a write must not run twice. */
const apiOptions = ({ redisCommandMs, redisSilenceMs }: TimeBudget, commandTimeout = redisCommandMs) => ({
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  commandTimeout,
  connectTimeout: redisCommandMs,
  socketTimeout: redisSilenceMs,
  retryStrategy: (attempt: number) => Math.min(50 * attempt, 500),
});

const beginEpochScript = loadScript('partitions/begin-epoch');
const takeOwnershipScript = loadScript('partitions/take-ownership');

/** What a connection is for. */
export interface RedisConnectionOptions {
  /** Connects, and reaches the server that has the partitions, now and after each break. */
  readonly connect: (options: ConnectOptions) => Redis;
  /** What that server is meant to be. */
  readonly mode: RedisTopology['mode'];
  /** What is used of it. */
  readonly partitions: readonly number[];
  readonly log: Log;
  readonly times: TimeBudget;
  /** `redisCommandMs` by default. */
  readonly commandTimeoutMs?: number | undefined;
  /** Called with each Redis but the first, before it is used: throws if it must not be. */
  readonly check?: (client: Redis) => Promise<void>;
}

/**
 * A connection of the API to Redis that knows what time it is there, and has seen to it that its partitions are its store's and live
 * in the epoch of that server. This comes before anything else that is sent on a new connection; until then every use throws
 * `unavailable`.
 *
 * A *epoch* of a partition ends when its server is restarted, or another one takes its place: it may have lost the last of what was
 * answered. Token records of an earlier epoch do not count. The name of the epoch is kept beside them, so that it goes where they
 * go, and is looked at by each script that judges one: no connection can be wrong about it.
 */
export class RedisConnection {
  readonly #client: Redis;
  readonly #partitions: readonly number[];
  readonly #mode: RedisTopology['mode'];
  readonly #check: RedisConnectionOptions['check'];
  #isChecked = false;
  /** How often it has met a Redis. */
  #serversChecked = 0;
  #leaving: NodeJS.Timeout | undefined;
  /** The store whose queue this must be, once that is known. */
  #storeId: string | undefined;
  /** Redis's time at `performance.now()` 0, in µs; never ahead of it. */
  #epochUs = 0;
  /** Why there is no connection, as far as that has shown. */
  #failure: unknown;

  constructor({ connect, mode, partitions, log, times, commandTimeoutMs, check }: RedisConnectionOptions) {
    this.#client = connect(apiOptions(times, commandTimeoutMs));
    this.#partitions = partitions;
    this.#mode = mode;
    this.#check = check;
    let complained = false;
    let refused: string | undefined; // it is met again many times a second
    this.#client.on('error', (error: Error) => {
      this.#failure = error;
      if (!complained) log.warn({ err: error, partitions }, 'Redis connection failed');
      complained = true;
    });
    this.#client.on('close', () => {
      clearTimeout(this.#leaving);
      this.#isChecked = false;
    });
    this.#client.on('ready', () => {
      complained = false;
      this.checkServer().then(
        () => (refused = undefined),
        (error: unknown) => {
          this.#failure = error;
          if (String(error) !== refused) log.warn({ err: error, partitions }, 'Redis cannot be used');
          refused = String(error);
          this.#leave(error instanceof ForeignQueueError ? times.lookMs : 0);
        },
      );
    });
  }

  /** Connects anew after a while, unless it was broken or met meanwhile. */
  #leave(afterMs: number): void {
    this.#leaving = setTimeout(() => this.#isChecked || this.#client.disconnect(true), afterMs).unref();
  }

  /** May be repeated: a server can have been a replica meanwhile, or been emptied, without a break of the connection. */
  async checkServer(): Promise<void> {
    const [server, replication] = await Promise.all([this.#client.info('server'), this.#client.info('replication')]);
    if (this.#mode === 'standalone' && field(server, 'redis_mode') === 'cluster') {
      throw new Error(
        'it is a node of a Redis Cluster, which [QUEUE] redis names as redis+cluster://HOST:PORT,HOST:PORT',
      );
    }
    const [run, history] = [field(server, 'run_id'), field(replication, 'master_replid')];
    if (!run || !history) throw new Error('INFO has no run_id or master_replid');
    if (!this.#isChecked && this.#serversChecked > 0) await this.#check?.(this.#client);
    this.observeTime(Number(field(server, 'server_time_usec')));
    await this.#takeOwnership();
    await Promise.all(this.#partitions.map((partition) => this.#beginEpoch(partition, `${run}/${history}`)));
    if (this.#isChecked) return;
    this.#isChecked = true;
    this.#serversChecked++;
    this.#client.emit('checked');
  }

  /** Looks first: a Redis whose disk is full takes no script that could write. */
  async #beginEpoch(partition: number, server: string): Promise<void> {
    const key = epochKey(partitionPrefix(partition));
    if ((await this.#client.hget(key, 'server')) === server) return;
    await runScript(this.#client, beginEpochScript, [key], [server, randomUUID()]);
  }

  /** Looks first, too. One after the other: of two stores that come together one gets all. */
  async #takeOwnership(): Promise<void> {
    const storeId = this.#storeId;
    if (storeId === undefined) return;
    const keys = this.#partitions.map((partition) => epochKey(partitionPrefix(partition)));
    const owners = await Promise.all(keys.map((key) => this.#client.hget(key, 'store')));
    for (const [position, key] of keys.entries()) {
      const owner: unknown = owners[position] ?? (await runScript(this.#client, takeOwnershipScript, [key], [storeId]));
      if (owner === storeId) continue;
      if (this.#isChecked) this.#client.disconnect(true); // it may find another Redis
      this.#isChecked = false;
      throw new ForeignQueueError();
    }
  }

  /**
   * Claims its partitions for a store, now and in every Redis that it meets. Throws `ForeignQueueError` if another store has one of them:
   * it cannot be used then; and `unavailable`.
   */
  async belongTo(storeId: string): Promise<void> {
    this.#storeId = storeId;
    try {
      await this.checkServer();
    } catch (error) {
      throw error instanceof ForeignQueueError ? error : unavailable(error);
    }
  }

  /** The store whose queue this must be; empty: that is not known yet. */
  get storeId(): string {
    return this.#storeId ?? '';
  }

  /** Whether there is a Redis that the next command reaches. */
  get isReady(): boolean {
    return this.#isChecked;
  }

  /** Another number after each break: the clock may be another one, too. Throws `unavailable` while there is no Redis. */
  get meeting(): number {
    return this.client && this.#serversChecked;
  }

  /** Throws `unavailable` while there is no Redis. */
  get client(): Redis {
    if (!this.#isChecked) throw unavailable(new Error('Redis is away', { cause: this.#failure }));
    return this.#client;
  }

  /** The client in whatever state it is, for a library that does its own waiting. */
  get raw(): Redis {
    return this.#client;
  }

  /** Takes note of a time that Redis has just answered, in µs. */
  observeTime(redisTimeUs: number): void {
    this.#epochUs = redisTimeUs - performance.now() * 1_000;
  }

  /** Redis's time in µs, as far as this process knows: behind by at most the time that an answer travels. */
  get timeUs(): number {
    return Math.floor(this.#epochUs + performance.now() * 1_000);
  }

  /** Resolves once the connection can be used; throws `unavailable` after `timeoutMs`. */
  async ready(timeoutMs: number): Promise<void> {
    if (this.#isChecked) return;
    let checked: (() => void) | undefined;
    const meeting = new Promise<void>((resolve) => this.#client.once('checked', (checked = resolve)));
    const late = () => unavailable(this.#failure ?? new Error('Redis does not answer'));
    await orTimeout(meeting, timeoutMs, late).finally(() => checked && this.#client.off('checked', checked));
  }

  close(): void {
    this.#isChecked = false;
    this.#client.disconnect();
  }
}

/** What ioredis said when there was no connection. The error of a host with several addresses has no message. */
export function connectionProblemOf(error: unknown): string {
  const reason = error instanceof KeybinError ? error.cause : error;
  return reason instanceof Error ? reason.message || String((reason as NodeJS.ErrnoException).code) : String(reason);
}

const field = (info: string, name: string) => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1];
