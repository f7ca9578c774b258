import { Child } from '../processes/child.js';
import type { NetworkHost } from '../network/network.js';
import { onSomePort } from '../processes/some-port.js';
import { temporaryDirectory } from '../processes/temporary-directory.js';

export interface MongoServerOptions {
  /** Added to its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Further arguments. */
  readonly args?: readonly string[];
  /** Host of a `Network`. Default: this machine. */
  readonly at?: NetworkHost;
}

/** A mongod of the test. Uses only flags that every version knows. */
export class MongoServer {
  #child: Child | undefined;
  readonly dir = temporaryDirectory();

  constructor(
    readonly port: number,
    private readonly options: MongoServerOptions,
  ) {}

  get url(): string {
    return `mongodb://${this.host}:${this.port}/`;
  }

  get host(): string {
    return this.options.at?.address ?? '127.0.0.1';
  }

  /** Starts it, also again, on the same port and directory. Resolves when it answers. */
  async start(): Promise<void> {
    if (this.#child?.alive) throw new Error('This mongod runs');
    const { env = {}, args = [], at } = this.options;
    const all = ['--port', String(this.port), '--dbpath', this.dir, '--bind_ip', this.host, ...args];
    const child = new Child(`mongod ${this.port}`, 'mongod', all, { env, at });
    this.#child = child;
    await child.says(/listening on|Waiting for connections/i);
  }

  /** The process that was started last. */
  get child(): Child {
    if (!this.#child) throw new Error('This mongod was never started');
    return this.#child;
  }

  /** Ends it with SIGTERM and keeps its data. */
  async stop(): Promise<void> {
    await this.#child?.stop();
  }

  /** Sends SIGKILL, SIGSTOP or SIGCONT. After SIGKILL, resolves when the process has ended. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.#child?.kill(signal);
  }
}

/** Starts a mongod from PATH on a free port. */
export async function startMongod(options: MongoServerOptions = {}): Promise<MongoServer> {
  return onSomePort(async (port) => {
    const server = new MongoServer(port, options);
    await server.start();
    return server;
  });
}
