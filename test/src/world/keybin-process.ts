import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { Child } from './child.js';
import { onFreePort } from './free-port.js';
import { temporaryDirectory } from './temporary-directory.js';

export interface ProcessOptions {
  /** `KEYBIN_*` settings. */
  readonly env?: Readonly<Record<string, string>>;
  /** The working directory, where `./data` is: a new one unless told otherwise. */
  readonly cwd?: string;
  readonly args?: readonly string[];
}

export interface ApiProcess {
  /** Without a slash at its end. */
  readonly url: string;
  readonly port: number;
  readonly child: Child;
  stop(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

const root = new URL('../../../', import.meta.url);

/** What node is given by a script of package.json, such as `exec node --option api/dist/main.js`, from any working directory. */
function argumentsOf(script: 'start' | 'start:worker'): string[] {
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    readonly scripts: Readonly<Record<typeof script, string>>;
  };
  const [, , ...given] = scripts[script].split(' ');
  return given.map((argument) => (argument.startsWith('-') ? argument : fileURLToPath(new URL(argument, root))));
}

const apiArguments = argumentsOf('start');
const workerArguments = argumentsOf('start:worker');

/** Cheap password hashes, and limits that let one address do what the tests do: they log in often. */
const testSettings = {
  KEYBIN_ACCOUNTS_BCRYPT_COST: '4',
  KEYBIN_LIMITS_FAILED_LOGINS_PER_ADDRESS: '1000000/900',
  KEYBIN_LIMITS_FAILED_LOGINS_PER_ACCOUNT: '1000000/900',
  KEYBIN_LIMITS_FAILED_LOGINS_PER_ACCOUNT_EVERYWHERE: '1000000/900',
  KEYBIN_LIMITS_REGISTRATIONS_PER_ADDRESS: '1000000/900',
  KEYBIN_LIMITS_IDENTIFY_CODES_PER_ADDRESS: '1000000/900',
};

/** Starts an API as `npm start` does, on a free port and waits until it answers. */
export async function startApi(options: ProcessOptions = {}): Promise<ApiProcess> {
  return onFreePort(async (port) => {
    const child = new Child(`api ${port}`, process.execPath, [...apiArguments, ...(options.args ?? [])], {
      cwd: options.cwd ?? temporaryDirectory(),
      env: { ...testSettings, KEYBIN_APP_PORT: String(port), ...options.env },
    });
    const url = `http://127.0.0.1:${port}`;
    await child.ready(async () => (await request(url, { headersTimeout: 2_000 })).body.dump());
    return { url, port, child, stop: () => stopCleanly(child), kill: (signal) => child.kill(signal) };
  });
}

export interface WorkerProcess {
  readonly child: Child;
  /** Of its `/metrics`, `/livez` and `/readyz`; throws before it has said where it listens. */
  readonly url: string;
  stop(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Starts a worker as `npm run start:worker` does. */
export function spawnWorker(options: ProcessOptions = {}): WorkerProcess {
  const child = new Child('worker', process.execPath, [...workerArguments, ...(options.args ?? [])], {
    cwd: options.cwd ?? temporaryDirectory(),
    env: { ...testSettings, KEYBIN_WORKER_PORT: '0', ...options.env },
  });
  return {
    child,
    get url() {
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(child.output) ?? [];
      if (url === undefined) throw new Error(`${child.name} does not listen`);
      return url;
    },
    stop: () => stopCleanly(child),
    kill: (signal) => child.kill(signal),
  };
}

/** Starts a worker and waits until it says that it is at work. */
export async function startWorker(options: ProcessOptions = {}): Promise<WorkerProcess> {
  const worker = spawnWorker(options);
  await worker.child.ready(async () => {
    if (!worker.child.logs.some(({ msg }) => msg === 'Worker is ready')) throw new Error('It is not ready');
  });
  return worker;
}

/** A process that was asked to end drains and says 0; one that a test killed already is no matter. */
async function stopCleanly(child: Child): Promise<void> {
  if (!child.alive) return;
  const { code, signal } = await child.stop();
  if (code !== 0)
    throw new Error(`${child.name} ended with ${code ?? signal} after SIGTERM. It printed:\n${child.output}`);
}
