import { Child } from '../processes/child.js';
import { onSomePort } from '../processes/some-port.js';
import { temporaryDirectory } from '../processes/temporary-directory.js';

/** A mongod of the test. Uses only flags that every version knows. */
export class MongoServer {
  #child: Child | undefined;
  readonly dir = temporaryDirectory();

  constructor(
    readonly port: number,
    private readonly env: Readonly<Record<string, string>> = {},
  ) {}

  get url(): string {
    return `mongodb://127.0.0.1:${this.port}/`;
  }

  /** Starts it, also again, on the same port and directory. Resolves when it answers. */
  async start(): Promise<void> {
    if (this.#child?.alive) throw new Error('This mongod runs');
    const args = ['--port', String(this.port), '--dbpath', this.dir, '--bind_ip', '127.0.0.1'];
    const child = new Child(`mongod ${this.port}`, 'mongod', args, { env: this.env });
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

/** Starts a mongod from PATH on a free port. `env` is added to its environment. */
export async function startMongod(env?: Readonly<Record<string, string>>): Promise<MongoServer> {
  return onSomePort(async (port) => {
    const server = new MongoServer(port, env);
    await server.start();
    return server;
  });
}
