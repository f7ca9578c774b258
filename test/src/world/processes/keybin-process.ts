import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TimeBudget } from '@keybin/shared/time-budget.js';
import type { NetworkHost } from '../network/network.js';
import { Child } from './child.js';
import { testSettings, workerUrl, type Running, type RunningApi, type RunningWorker } from './running.js';
import { temporaryDirectory } from './temporary-directory.js';

export interface ProcessOptions {
  /** `KEYBIN_*` settings. */
  readonly env?: Readonly<Record<string, string>>;
  /** Working directory, which has `./data`. Default: a new one. */
  readonly cwd?: string;
  readonly args?: readonly string[];
  /** Times shorter than the product's, for a test that would wait. Not for an API of several processes. */
  readonly times?: Partial<TimeBudget> | undefined;
  /** Host of a `Network`. Default: this machine. */
  readonly at?: NetworkHost;
}

/** An API or a worker in its own process, which tests may signal and kill. */
export class KeybinProcess implements Running {
  constructor(readonly child: Child) {}

  get output(): string {
    return this.child.output;
  }

  get logs(): Record<string, unknown>[] {
    return this.child.logs;
  }

  /** Sends SIGTERM and expects exit code 0. Does nothing if the process was killed before. */
  async stop(): Promise<void> {
    if (!this.child.alive) return;
    const { code, signal } = await this.child.stop();
    if (code === 0) return;
    throw new Error(`${this.child.name} ended with ${code ?? signal} after SIGTERM. It printed:\n${this.output}`);
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.child.kill(signal);
  }
}

export class ApiProcess extends KeybinProcess implements RunningApi {
  readonly port: number;

  constructor(
    child: Child,
    readonly url: string,
  ) {
    super(child);
    this.port = Number(new URL(url).port);
  }
}

export class WorkerProcess extends KeybinProcess implements RunningWorker {
  get url(): string {
    return workerUrl(this.output);
  }
}

const root = new URL('../../../../', import.meta.url);

/**
 * Returns the arguments of node in a script of package.json, such as `exec node --option api/dist/main.js`, for any
 * working directory.
 */
function argumentsOf(script: 'start' | 'start:worker'): string[] {
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    readonly scripts: Readonly<Record<typeof script, string>>;
  };
  const [, , ...given] = scripts[script].split(' ');
  return given.map((argument) => (argument.startsWith('-') ? argument : fileURLToPath(new URL(argument, root))));
}

const productArguments = { api: argumentsOf('start'), worker: argumentsOf('start:worker') };
const timedProcess = fileURLToPath(new URL('timed-process.js', import.meta.url));

function launch(name: 'api' | 'worker', { env, cwd, args: more = [], times, at }: ProcessOptions): Child {
  const args = times ? [timedProcess, name] : productArguments[name];
  return new Child(name, process.execPath, [...args, ...more], {
    cwd: cwd ?? temporaryDirectory(),
    at,
    env: {
      ...testSettings,
      KEYBIN_APP_PORT: '0',
      KEYBIN_WORKER_PORT: '0',
      ...(at && { KEYBIN_APP_HOST: at.address, KEYBIN_WORKER_HOST: at.address }),
      ...(times && { KEYBIN_TEST_TIMES: JSON.stringify(times) }),
      ...env,
    },
  });
}

/** Starts an API as `npm start` does, on a port that the system chooses. Resolves once it listens. */
export async function spawnApi(options: ProcessOptions = {}): Promise<ApiProcess> {
  const child = launch('api', options);
  return new ApiProcess(child, await child.says(/Keybin listens on (http:\/\/\S+),/));
}

/** Starts an API on a port that the system chooses. Does not wait until it listens. */
export const launchApi = (options: ProcessOptions = {}): KeybinProcess => new KeybinProcess(launch('api', options));

/** Starts a worker as `npm run start:worker` does. Does not wait until it is ready. */
export function launchWorker(options: ProcessOptions = {}): WorkerProcess {
  return new WorkerProcess(launch('worker', options));
}

/** Starts a worker and waits until it is ready. */
export async function spawnWorker(options: ProcessOptions = {}): Promise<WorkerProcess> {
  const worker = launchWorker(options);
  await worker.child.says(/Worker is ready/);
  return worker;
}
