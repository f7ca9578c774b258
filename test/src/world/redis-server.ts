import { connect } from 'node:net';
import { Child } from './child.js';
import { onFreePort } from './free-port.js';
import { temporaryDirectory } from './temporary-directory.js';

export interface RedisServerOptions {
  /** `always` unless told otherwise. */
  readonly appendfsync?: 'always' | 'everysec' | 'no';
  /** Further arguments of redis-server, such as `--maxmemory 20mb`. They win. */
  readonly args?: readonly string[];
  /** Added to its environment: `wrongClock`, `slowDisk`. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A redis-server of one's own, with settings that Keybin accepts: it keeps all that it answered through any end. */
export class RedisServer {
  #child: Child | undefined;
  readonly dir = temporaryDirectory();

  constructor(
    readonly port: number,
    private readonly options: RedisServerOptions,
  ) {}

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /**
   * Starts it (again) on the same port and directory, perhaps in another environment; resolves when it has loaded its data and
   * answers.
   */
  async start(env = this.options.env): Promise<void> {
    if (this.#child?.alive) throw new Error('This redis-server runs');
    const { appendfsync = 'always', args = [] } = this.options;
    const place = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.dir, '--save', ''];
    const keeping = ['--appendonly', 'yes', '--appendfsync', appendfsync, '--maxmemory-policy', 'noeviction'];
    const all = [...place, ...keeping, ...args];
    const child = new Child(`redis-server ${this.port}`, 'redis-server', all, { env: env ?? {} });
    this.#child = child;
    await child.ready(() => ping(this.port));
  }

  /** The process that was started last. */
  get child(): Child {
    if (!this.#child) throw new Error('This redis-server was never started');
    return this.#child;
  }

  /** Ends it with SIGTERM and keeps its data. */
  async stop(): Promise<void> {
    await this.#child?.stop();
  }

  /** SIGKILL (resolves when it is gone), SIGSTOP and SIGCONT. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.#child?.kill(signal);
  }
}

/** Starts a redis-server from PATH on a free port. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  return onFreePort(async (port) => {
    const server = new RedisServer(port, options);
    await server.start();
    return server;
  });
}

async function ping(port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(1_000, () => socket.destroy(new Error('no answer')));
    socket.on('error', reject);
    socket.once('data', (answer) => {
      socket.destroy();
      if (answer.toString().startsWith('+PONG')) resolve();
      else reject(new Error(answer.toString()));
    });
  });
}
