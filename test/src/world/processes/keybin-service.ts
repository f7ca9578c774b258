import { EventEmitter, once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startApi as open } from '@keybin/api/start-api.js';
import type { Config } from '@keybin/shared/config/config.js';
import { loadConfig } from '@keybin/shared/config/load/load-config.js';
import { Lifecycle } from '@keybin/shared/process/lifecycle.js';
import { createLog, type Log } from '@keybin/shared/process/log.js';
import type { TimeBudget } from '@keybin/shared/time-budget.js';
import { startWorker as openWorker } from '@keybin/worker/worker.js';
import { logsIn, testSettings, workerUrl, type Running, type RunningApi, type RunningWorker } from './running.js';
import { temporaryDirectory } from './temporary-directory.js';
import { patientTimes } from '../times.js';

export interface ServiceOptions {
  /** `KEYBIN_*` settings. The default store is an embedded one in a new directory. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: `patientTimes`. */
  readonly times?: TimeBudget;
}

/** Running services of this process. */
const running = new Set<Service>();

/** An API or a worker in the test's own process. It starts in a tenth of the time that a process needs. */
class Service implements Running {
  #output = '';
  readonly config: Config;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  readonly #ended: Promise<number>;

  /** Kind and environment of the service, to identify the test that left it behind. */
  readonly name: string;

  constructor({ env = {}, times = patientTimes }: ServiceOptions) {
    const directory = temporaryDirectory();
    const file = join(directory, 'store.cfg');
    writeFileSync(file, '');
    const ports = { KEYBIN_APP_PORT: '0', KEYBIN_WORKER_PORT: '0' };
    const store = { KEYBIN_STORE_HOST: `lmdb://${join(directory, 'data')}` };
    const config = loadConfig(['--config', file], { ...testSettings, ...ports, ...store, ...env });
    this.config = { ...config, times };
    this.log = createLog(this.config.app, { write: (line) => (this.#output += line) });
    const { drainDelaySeconds, drainTimeoutSeconds } = this.config.limits;
    const drainTimeoutMs = (drainDelaySeconds + drainTimeoutSeconds) * 1_000;
    const exits = new EventEmitter();
    this.#ended = once(exits, 'exit').then(([code]) => Number(code));
    const exit = (code: number) => exits.emit('exit', code);
    this.lifecycle = new Lifecycle({ log: this.log, drainTimeoutMs, exit, times: this.config.times });
    this.name = `${this.constructor.name} ${JSON.stringify(env)}`;
    running.add(this);
  }

  get output(): string {
    return this.#output;
  }

  get logs(): Record<string, unknown>[] {
    return logsIn(this.#output);
  }

  async stop(): Promise<void> {
    this.lifecycle.end('The test is over');
    const code = await this.#ended;
    running.delete(this);
    if (code !== 0) throw new Error(`It ended with ${code}. It printed:\n${this.#output}`);
  }
}

class ApiService extends Service implements RunningApi {
  url = '';

  get port(): number {
    return Number(new URL(this.url).port);
  }

  async start(): Promise<this> {
    const { address, data } = await open(this.config, this.log, this.lifecycle);
    this.log.info(`Keybin listens on ${address}, data in ${data}`);
    this.url = address;
    return this;
  }
}

class WorkerService extends Service implements RunningWorker {
  get url(): string {
    return workerUrl(this.output);
  }

  async start(): Promise<this> {
    await openWorker(this.config, this.lifecycle, this.log);
    return this;
  }
}

/** Starts an API in this process, on a port that the system chooses. Throws the errors of the product's `startApi`. */
export const startApi = async (options: ServiceOptions = {}): Promise<RunningApi> => starting(new ApiService(options));

/** Starts a worker in this process and waits until it is ready. Throws the errors of the product's `startWorker`. */
export const startWorker = async (options: ServiceOptions = {}): Promise<RunningWorker> =>
  starting(new WorkerService(options));

async function starting<S extends Service & { start(): Promise<S> }>(service: S): Promise<S> {
  try {
    return await service.start();
  } catch (error) {
    await service.stop().catch(() => {}); // the error of the start matters more
    throw error;
  }
}

/** Stops all services that still run in this process. Returns their names. */
export async function stopLeftovers(): Promise<string[]> {
  const left = [...running];
  await Promise.allSettled(left.map((service) => service.stop()));
  return left.map((service) => service.name);
}
