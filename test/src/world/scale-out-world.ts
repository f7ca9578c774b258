import { Redis } from 'ioredis';
import { partitionPrefix, queueName, waitingKey } from '@keybin/shared/engines/mongo/keys.js';
import { withEachPartition } from './each-partition.js';
import { eventually } from './eventually.js';
import { KeybinClient } from './keybin-client.js';
import { startApi, startWorker, type ApiProcess, type WorkerProcess } from './keybin-process.js';
import type { Services } from './services.js';

const drainedWithinMs = 15_000;

export interface ScaleOutOptions<S extends Services> {
  /** Gives the suite its services: `services` or `ownServices`. */
  readonly services: () => S;
  readonly env?: Readonly<Record<string, string>>;
  /** Started together with the APIs. */
  readonly workers?: number;
}

/** Two API processes of the surrounding suite over its services; workers too, or its tests start them. All are stopped after it. */
export class ScaleOutWorld<S extends Services = Services> {
  readonly services: S;
  readonly #apis: ApiProcess[] = [];
  readonly #workers: WorkerProcess[] = [];
  readonly #env: Readonly<Record<string, string>>;

  /** Registers the hooks. */
  constructor({ services, env = {}, workers = 0 }: ScaleOutOptions<S>) {
    this.#env = env;
    // Hooks run in this order: without its services a process would take long to end
    after('end of the APIs and the workers', async () => {
      await Promise.all([...this.#apis, ...this.#workers].map((process) => process.stop()));
    });
    this.services = services();
    before('two APIs and their workers', async () => {
      const starting = Array.from({ length: workers }, () => this.startWorker());
      const [apis] = await Promise.all([Promise.all([this.startApi(), this.startApi()]), ...starting]);
      this.#apis.push(...apis);
    });
  }

  /** The two APIs, as processes. */
  get apis(): readonly ApiProcess[] {
    return this.#apis;
  }

  /** What each process has printed so far. */
  get outputs(): [name: string, output: string][] {
    return [...this.#apis, ...this.#workers].map(({ child }) => [child.name, child.output]);
  }

  get here(): KeybinClient {
    return new KeybinClient(this.#apis[0]?.url ?? '');
  }

  get there(): KeybinClient {
    return new KeybinClient(this.#apis[1]?.url ?? '');
  }

  /** A further API process over the same data; the caller stops it. */
  async startApi(env: Readonly<Record<string, string>> = {}): Promise<ApiProcess> {
    return startApi({ env: { ...this.services.env, ...this.#env, ...env } });
  }

  /** Kills one of the two APIs with kill -9 and starts another one in its place. */
  async replaceApi(index: 0 | 1): Promise<void> {
    await this.#apis[index]?.kill('SIGKILL');
    this.#apis[index] = await this.startApi();
  }

  /** Stopped after the suite at the latest. */
  async startWorker(): Promise<WorkerProcess> {
    const worker = await startWorker({ env: { ...this.services.env, ...this.#env } });
    this.#workers.push(worker);
    return worker;
  }

  /** Makes all workers stand still, as a hang does. */
  async pauseWorkers(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill('SIGSTOP')));
  }

  async resumeWorkers(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill('SIGCONT')));
  }

  /** How many writes wait to be applied, in the first partition. */
  async pendingEntries(): Promise<number> {
    const redis = new Redis(this.services.redisUrl);
    try {
      return await redis.zcard(waitingKey(partitionPrefix(0)));
    } finally {
      redis.disconnect();
    }
  }

  /** Resolves when MongoDB has everything that was answered, and no job waits. */
  async drained(timeoutMs = drainedWithinMs): Promise<void> {
    const partitions = Number(this.#env['KEYBIN_QUEUE_PARTITIONS'] ?? 1);
    await withEachPartition(this.services.redisUrl, partitions, (each) =>
      eventually(async () => (await each(left)).every((count) => count === 0), 'an empty queue', timeoutMs),
    );
  }
}

/** Entries and jobs that are not done. */
async function left(redis: Redis, prefix: string): Promise<number> {
  const lists = ['wait', 'active'].map((list) => redis.llen(`${prefix}:${queueName}:${list}`));
  const [entries, ...jobs] = await Promise.all([redis.zcard(waitingKey(prefix)), ...lists]);
  return jobs.reduce((sum, count) => sum + count, entries);
}
