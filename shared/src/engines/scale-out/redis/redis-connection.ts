import { ReplyError, type Redis } from 'ioredis';
import { orTimeout } from '../../../deadline.js';
import { KeybinError, orUnavailable, unavailable } from '../../../errors.js';
import type { Log } from '../../../process/log.js';
import { reconnectPause } from '../../../process/reconnect-pause.js';
import type { TimeBudget } from '../../../time-budget.js';
import { clockKey, epochKey, partitionPrefix } from './keys.js';
import type { ConnectOptions, RedisTopology } from './redis-topology.js';
import { formatEpoch } from './pending-entry.js';
import { loadScript, runScript } from './scripts.js';
import { isElsewhere } from './slot-connector.js';

/**
 * Options under which a command fails at once while Redis is down. No command is sent twice, because a write must not
 * run twice.
 */
const apiOptions = (times: TimeBudget, commandTimeout = times.redisCommandMs) => ({
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  enableReadyCheck: false, // a Redis that is loading its data fails `checkServer`, which tells and tries again sooner
  commandTimeout,
  connectTimeout: times.redisCommandMs,
  socketTimeout: times.redisSilenceMs,
  retryStrategy: reconnectPause(times),
});

/** Message of ioredis's error for a command without an answer. */
const commandTimedOut = 'Command timed out';

const beginEpochScript = loadScript('partitions/begin-epoch');

/** Numbers of epochs, larger than all that any Redis of the store has had. */
export interface EpochNumbers {
  readonly next: (present: number) => Promise<number>;
  readonly raiseTo: (present: number) => Promise<void>;
}

export interface RedisConnectionOptions {
  /** Connects to the server that has the partitions, now and after each break. */
  readonly connect: (options: ConnectOptions) => Redis;
  /** Mode that the server must have. */
  readonly mode: RedisTopology['mode'];
  readonly queueId: string;
  /** Partitions that the connection uses. */
  readonly partitions: readonly number[];
  readonly log: Log;
  readonly times: TimeBudget;
  /** Longest time for one command, `redisCommandMs` by default. */
  readonly commandTimeoutMs?: number | undefined;
  /** Checks each Redis but the first, before it is used. Throws if it must not be used. */
  readonly check?: (client: Redis) => Promise<void>;
  /** Numbers for new epochs. A connection without them, of an operator's command, begins none. */
  readonly epochs?: EpochNumbers;
}

/**
 * Connection to Redis that knows Redis's time. On each new connection it first makes sure that the epochs of its
 * partitions are those of the server. Until then every use throws `unavailable`.
 *
 * An epoch of a partition ends when its server restarts or another one takes its place, because the last acknowledged
 * writes may be lost, and data of before may be back. Writes of a later epoch are newer, whatever their versions. Token
 * records of an earlier epoch do not count. The epoch's number is stored next to the records, so it moves and is lost
 * with them. Every script that judges a record or accepts a write reads it there, so no connection can be wrong about
 * it.
 */
export class RedisConnection {
  readonly #client: Redis;
  readonly #queueId: string;
  readonly #partitions: readonly number[];
  readonly #log: Log;
  readonly #mode: RedisTopology['mode'];
  readonly #check: RedisConnectionOptions['check'];
  readonly #epochNumbers: EpochNumbers | undefined;
  /** Number of each partition's epoch, as last seen. */
  readonly #epochs = new Map<number, number>();
  #isChecked = false;
  /** Number of connections that broke. */
  #connections = 0;
  /** Number of times that a server passed the check. */
  #serversChecked = 0;
  /** Redis's time at `performance.now()` 0, in µs. Never ahead of Redis. */
  #clockOffsetUs = 0;
  /** Last known reason why there is no connection. */
  #failure: unknown;

  constructor(options: RedisConnectionOptions) {
    const { connect, mode, queueId, partitions, log, times, commandTimeoutMs, check, epochs } = options;
    this.#client = connect({
      ...apiOptions(times, commandTimeoutMs),
      reconnectOnError: (error) => {
        if (error.message.startsWith('READONLY')) this.#noteReplica();
        return isElsewhere(error);
      },
    });
    this.#queueId = queueId;
    this.#log = log;
    this.#partitions = partitions;
    this.#mode = mode;
    this.#check = check;
    this.#epochNumbers = epochs;
    let complained = false;
    let refused: string | undefined; // reconnecting repeats it many times a second
    this.#client.on('error', (error: Error) => {
      this.#failure = error;
      if (!complained) log.warn({ err: error, partitions }, 'Redis connection failed');
      complained = true;
    });
    this.#client.on('close', () => {
      this.#connections++;
      this.#isChecked = false;
    });
    this.#client.on('ready', () => {
      complained = false;
      const connection = this.#connections;
      this.checkServer().then(
        () => (refused = undefined),
        (error: unknown) => {
          this.#failure = error;
          if (String(error) !== refused) log.warn({ err: error, partitions }, 'Redis cannot be used');
          refused = String(error);
          if (connection === this.#connections && !this.#isChecked) this.#client.disconnect(true);
        },
      );
    });
  }

  /**
   * Checks the server and begins the epochs of its partitions. May be repeated: a server can become a replica, or be
   * emptied, without a break of the connection.
   */
  async checkServer(): Promise<void> {
    const connection = this.#connections;
    const [server, replication] = await Promise.all([this.#client.info('server'), this.#client.info('replication')]);
    if (this.#mode === 'standalone' && field(server, 'redis_mode') === 'cluster') {
      throw new WrongRedis('it is a node of a Redis Cluster: set [QUEUE] redis to redis+cluster://HOST:PORT,HOST:PORT');
    }
    const [run, history] = [field(server, 'run_id'), field(replication, 'master_replid')];
    if (!run || !history) throw new Error('INFO has no run_id or master_replid');
    if (field(replication, 'role') === 'slave') this.#leaveReplica(connection);
    // ioredis goes on with database 0 if the one of the URL does not exist
    const { db = 0 } = this.#client.options;
    if (!this.#isChecked && db !== 0) await this.#client.select(db);
    if (!this.#isChecked && this.#serversChecked > 0) await this.#check?.(this.#client);
    this.observeTime(Number(field(server, 'server_time_usec')));
    await this.#beginEpochs(`${run}/${history}`, connection);
    this.#expectUnbroken(connection);
    if (this.#isChecked) return;
    this.#isChecked = true;
    this.#serversChecked++;
    this.#client.emit('checked');
  }

  /**
   * Begins an epoch of each partition whose current one is not the server's, all with the same number. Reads first,
   * because a Redis with a full disk refuses scripts that could write. Throws if Redis refuses to write, or if the
   * connection has broken since `connection` was taken: another server may be there. Throws `unavailable` if MongoDB
   * gives no number.
   */
  async #beginEpochs(server: string, connection: number): Promise<void> {
    const numbers = this.#epochNumbers;
    const current = await Promise.all(this.#partitions.map((partition) => this.#readEpoch(partition)));
    const ended = numbers ? current.filter((epoch) => epoch.server !== server) : [];
    const highest = Math.max(...current.map(({ number }) => Number(number)));
    if (numbers && ended.length > 0) {
      await Promise.all(ended.map(({ partition }) => this.#begin(partition, ['?', '?', '', '']))); // is a write refused?
      const next = formatEpoch(await numbers.next(highest));
      this.#expectUnbroken(connection);
      const begun = ended.map(({ partition, server: before, number }) =>
        this.#begin(partition, [before, number, server, next]),
      );
      await Promise.all(begun);
    } else if (this.#serversChecked === 0) {
      await numbers?.raiseTo(highest);
      this.#expectUnbroken(connection);
    }
    const now = ended.length > 0 ? await Promise.all(this.#partitions.map((each) => this.#readEpoch(each))) : current;
    for (const { partition, number } of now) this.#epochs.set(partition, Number(number));
    if (numbers && now.some((epoch) => epoch.server !== server)) throw new Error('another epoch has just begun');
  }

  async #readEpoch(partition: number) {
    const [server, number] = await this.#client.hmget(epochKey(this.prefixOf(partition)), 'server', 'number');
    return { partition, server: server ?? '', number: number ?? '' };
  }

  /** Runs begin-epoch.lua, which says what it takes. */
  async #begin(partition: number, args: readonly [before: string, number: string, server: string, next: string]) {
    const prefix = this.prefixOf(partition);
    await runScript(this.#client, beginEpochScript, [epochKey(prefix), clockKey(prefix)], args);
  }

  #noteReplica(): void {
    if (!this.#isChecked) return;
    this.#isChecked = false;
    this.#log.warn({ partitions: this.#partitions }, 'Redis has become a replica: connecting again');
  }

  /**
   * Throws. A replica may lack the last writes. A connection that stayed open during a failover is broken, because the
   * next one may reach the new primary.
   */
  #leaveReplica(connection: number): never {
    if (this.#isChecked && connection === this.#connections) {
      this.#noteReplica();
      this.#client.disconnect(true);
    }
    throw new Error('it is a replica: [QUEUE] redis must lead to the primary');
  }

  #expectUnbroken(connection: number): void {
    if (connection !== this.#connections) throw new Error('the connection broke while its server was checked');
  }

  /** Begins new epochs of its partitions, although the server is the same. Throws `unavailable`. */
  async beginEpochs(): Promise<void> {
    const { client } = this;
    const ended = this.#partitions.map((partition) => client.hdel(epochKey(this.prefixOf(partition)), 'server'));
    await orUnavailable(Promise.all(ended));
    await orUnavailable(this.checkServer());
  }

  /** Returns the prefix of a partition's keys. */
  prefixOf(partition: number): string {
    return partitionPrefix(this.#queueId, partition);
  }

  /** Returns the number of a partition's epoch, as last seen; 0 if none was. */
  epochOf(partition: number): number {
    return this.#epochs.get(partition) ?? 0;
  }

  /** True if there is a Redis that the next command reaches. */
  get isReady(): boolean {
    return this.#isChecked;
  }

  /**
   * Number that changes after each break, when the clock may be another one, too. Throws `unavailable` while there is
   * no Redis.
   */
  get connectionNumber(): number {
    return this.client && this.#serversChecked;
  }

  /** Client of the Redis that passed the check. Throws `unavailable` while there is none. */
  get client(): Redis {
    if (!this.#isChecked) throw unavailable(new Error('Redis is down', { cause: this.#failure }));
    return this.#client;
  }

  /** Client in any state, for a library that does its own waiting. */
  get raw(): Redis {
    return this.#client;
  }

  /** Notes a time that Redis has just returned, in µs. */
  observeTime(redisTimeUs: number): void {
    this.#clockOffsetUs = redisTimeUs - performance.now() * 1_000;
  }

  /** Redis's time in µs, as far as this process knows. It is behind by at most the travel time of an answer. */
  get timeUs(): number {
    return Math.floor(this.#clockOffsetUs + performance.now() * 1_000);
  }

  /** Resolves once the connection can be used. Throws `unavailable` after `timeoutMs`. */
  async ready(timeoutMs: number): Promise<void> {
    if (this.#isChecked) return;
    let checked: (() => void) | undefined;
    const isChecked = new Promise<void>((resolve) => this.#client.once('checked', (checked = resolve)));
    const late = () => unavailable(this.#failure ?? new Error('Redis does not respond'));
    await orTimeout(isChecked, timeoutMs, late).finally(() => checked && this.#client.off('checked', checked));
  }

  close(): void {
    this.#isChecked = false;
    this.#client.disconnect();
  }
}

/** Error of a Redis that will never do, as the settings are. */
class WrongRedis extends Error {
  override readonly name = 'WrongRedis';
}

/** True if there is no connection because the settings are wrong, so that waiting does not help. */
export function isMisconfigured(error: unknown): boolean {
  const reason = rootOf(error);
  return (
    reason instanceof WrongRedis ||
    (reason instanceof ReplyError && /WRONGPASS|NOAUTH|NOPERM|DB index|cluster support|AUTH/.test(String(reason)))
  );
}

/**
 * Returns the reason why ioredis has no connection. The error of a host with several addresses has no message, only a
 * code.
 */
export function connectionProblemOf(error: unknown): string {
  const reason = rootOf(error);
  if (reason instanceof Error && reason.message === commandTimedOut) return 'Redis does not respond';
  return reason instanceof Error ? reason.message || String((reason as NodeJS.ErrnoException).code) : String(reason);
}

function rootOf(error: unknown): unknown {
  let reason = error;
  while (reason instanceof KeybinError) reason = reason.cause;
  return reason;
}

const field = (info: string, name: string) => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1];
