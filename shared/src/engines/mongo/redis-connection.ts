import { Redis, type RedisOptions } from 'ioredis';
import { unavailable } from '../../errors.js';
import type { Log } from '../../log.js';

/** How long one command of the API may take. */
const commandTimeoutMs = 1_500;

/** Fails at once while Redis is away, and never sends a command a second time: a write must not run twice. */
const apiOptions = {
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  commandTimeout: commandTimeoutMs,
  connectTimeout: commandTimeoutMs,
  retryStrategy: (attempt: number) => Math.min(50 * attempt, 500),
};

/**
 * A connection of the API to Redis that knows which life of Redis it talks to (`run`, Redis's `run_id`) and what time it is
 * there. Both are read before anything else is sent on a new connection; until then every use throws `unavailable`.
 */
export class RedisConnection {
  readonly #client: Redis;
  #run: string | undefined;
  /** Redis's time at `performance.now()` 0, in µs; never ahead of it. */
  #epochUs = 0;
  /** Why there is no connection, as far as that has shown. */
  #failure: unknown;

  constructor(url: string, log: Log, overrides: Pick<RedisOptions, 'commandTimeout' | 'retryStrategy'> = {}) {
    this.#client = new Redis(url, { ...apiOptions, ...overrides });
    let complained = false;
    this.#client.on('error', (error: Error) => {
      this.#failure = error;
      if (!complained) log.warn({ err: error }, 'Redis connection failed');
      complained = true;
    });
    this.#client.on('close', () => (this.#run = undefined));
    this.#client.on('ready', () => {
      complained = false;
      this.#meet().catch((error: unknown) => {
        this.#failure = error;
        log.warn({ err: error }, 'Redis did not introduce itself');
        this.#client.disconnect(true);
      });
    });
  }

  async #meet(): Promise<void> {
    const info = await this.#client.info('server');
    const field = (name: string) => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1];
    const run = field('run_id');
    if (!run) throw new Error('INFO has no run_id');
    this.observeTime(Number(field('server_time_usec')));
    this.#run = run;
    this.#client.emit('met');
  }

  /** The `run_id` of the Redis that the next command reaches. Throws `unavailable` when there is none. */
  get run(): string {
    if (this.#run === undefined) throw unavailable(new Error('Redis is away'));
    return this.#run;
  }

  /** The client, for commands whose key names were made from `run` in the same turn. Throws `unavailable`. */
  get client(): Redis {
    if (this.#run === undefined) throw unavailable(new Error('Redis is away'));
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
    if (this.#run !== undefined) return;
    await new Promise<void>((resolve, reject) => {
      const met = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#client.off('met', met);
        reject(unavailable(this.#failure ?? new Error('Redis does not answer')));
      }, timeoutMs);
      this.#client.once('met', met);
    });
  }

  close(): void {
    this.#run = undefined;
    this.#client.disconnect();
  }
}
