import { Redis } from 'ioredis';
import { queueName, waitingKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { withEachPartition } from './each-partition.js';
import { eventually } from '../eventually.js';
import { KeybinClient } from '../clients/keybin-client.js';
import { spawnApi, spawnWorker, type ApiProcess, type WorkerProcess } from '../processes/keybin-process.js';
import { startApi, startWorker, type ServiceOptions } from '../processes/keybin-service.js';
import type { Running, RunningApi, RunningWorker } from '../processes/running.js';
import { prefixIn } from './queue-prefix.js';
import type { Services } from './services.js';

const drainedWithinMs = 30_000;

export interface ScaleOutOptions<S extends Services> extends ServiceOptions {
  /** Creates the suite's services: `services` or `ownServices`. */
  readonly services: () => S;
  /** Number of workers that are started with the APIs. Default: 0. */
  readonly workers?: number;
}

/**
 * Two APIs of the surrounding suite on its services. Workers are started with them or by its tests. All are stopped
 * after the suite.
 */
abstract class TwoApis<S extends Services, Api extends RunningApi, Worker extends RunningWorker> {
  readonly services: S;
  protected readonly started: Api[] = [];
  protected readonly workers: Worker[] = [];
  readonly #options: ServiceOptions;

  /** Registers the hooks. */
  constructor({ services, workers = 0, ...options }: ScaleOutOptions<S>) {
    this.#options = options;
    // This hook must run before those of `services()`: a process without its services would take long to end
    after('end of the APIs and the workers', async () => {
      await Promise.all([...this.started, ...this.workers].map((each: Running) => each.stop()));
    });
    this.services = services();
    before('two APIs and their workers', async () => {
      const starting = Array.from({ length: workers }, () => this.startWorker());
      const [apis] = await Promise.all([Promise.all([this.startApi(), this.startApi()]), ...starting]);
      this.started.push(...apis);
    });
  }

  protected abstract openApi(options: ServiceOptions): Promise<Api>;
  protected abstract openWorker(options: ServiceOptions): Promise<Worker>;

  get apis(): readonly Api[] {
    return this.started;
  }

  get here(): KeybinClient {
    return new KeybinClient(this.started[0]?.url ?? '');
  }

  get there(): KeybinClient {
    return new KeybinClient(this.started[1]?.url ?? '');
  }

  #optionsWith(env: Readonly<Record<string, string>>): ServiceOptions {
    return { ...this.#options, env: { ...this.services.env, ...this.#options.env, ...env } };
  }

  /** Starts a further API on the same data. The caller stops it. */
  async startApi(env: Readonly<Record<string, string>> = {}): Promise<Api> {
    return this.openApi(this.#optionsWith(env));
  }

  /** Starts a worker, which is stopped after the suite. */
  async startWorker(): Promise<Worker> {
    const worker = await this.openWorker(this.#optionsWith({}));
    this.workers.push(worker);
    return worker;
  }

  /** Returns the output of each API and worker so far. */
  get outputs(): [name: string, output: string][] {
    return [
      ...this.started.map(({ output }, index): [string, string] => [`api ${index}`, output]),
      ...this.workers.map(({ output }, index): [string, string] => [`worker ${index}`, output]),
    ];
  }

  /** Returns the number of writes that wait to be applied, in the first partition. */
  async pendingEntries(): Promise<number> {
    const redis = new Redis(this.services.redisUrl);
    try {
      return await redis.zcard(waitingKey(await prefixIn(this.services.redisUrl)));
    } finally {
      redis.disconnect();
    }
  }

  /** Resolves when MongoDB has everything that was acknowledged, and no job waits. */
  async drained(timeoutMs = drainedWithinMs): Promise<void> {
    const partitions = Number(this.#options.env?.['KEYBIN_QUEUE_PARTITIONS'] ?? 1);
    await withEachPartition(this.services.redisUrl, partitions, (each) =>
      eventually(async () => (await each(left)).every((count) => count === 0), 'an empty queue', timeoutMs),
    );
  }
}

/** APIs and workers in the test's own process. */
export class ScaleOutWorld<S extends Services = Services> extends TwoApis<S, RunningApi, RunningWorker> {
  protected override openApi = startApi;
  protected override openWorker = startWorker;
  #paused = 0;

  /** Shuts down all workers. */
  async pauseWorkers(): Promise<void> {
    const stopped = this.workers.splice(0);
    this.#paused += stopped.length;
    await Promise.all(stopped.map((worker) => worker.stop()));
  }

  /** Starts as many workers as were shut down. */
  async resumeWorkers(): Promise<void> {
    const count = this.#paused;
    this.#paused = 0;
    await Promise.all(Array.from({ length: count }, () => this.startWorker()));
  }
}

/** APIs and workers in processes of their own. */
export class ScaleOutProcesses<S extends Services = Services> extends TwoApis<S, ApiProcess, WorkerProcess> {
  protected override openApi = spawnApi;
  protected override openWorker = spawnWorker;

  /** Kills one of the two APIs with SIGKILL and starts another in its place. */
  async replaceApi(index: 0 | 1): Promise<void> {
    await this.started[index]?.kill('SIGKILL');
    this.started[index] = await this.startApi();
  }

  /** Stops all workers with SIGSTOP, as if they hung. */
  async pauseWorkers(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.kill('SIGSTOP')));
  }

  async resumeWorkers(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.kill('SIGCONT')));
  }
}

/** Returns the number of unapplied entries and of waiting or active jobs. */
async function left(redis: Redis, prefix: string): Promise<number> {
  const lists = ['wait', 'active'].map((list) => redis.llen(`${prefix}:${queueName}:${list}`));
  const [entries, ...jobs] = await Promise.all([redis.zcard(waitingKey(prefix)), ...lists]);
  return jobs.reduce((sum, count) => sum + count, entries);
}
