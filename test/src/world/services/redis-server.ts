import { Child } from '../processes/child.js';
import type { NetworkHost } from '../network/network.js';
import { onSomePort } from '../processes/some-port.js';
import { temporaryDirectory } from '../processes/temporary-directory.js';
import type { Certificates } from './certificates.js';

export interface RedisServerOptions {
  /** Default: `always`. */
  readonly appendfsync?: 'always' | 'everysec' | 'no';
  /** Further arguments of redis-server, such as `--maxmemory 20mb`. They override the defaults. */
  readonly args?: readonly string[];
  /** Added to its environment, such as `wrongClock` or `slowDisk`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Host of a `Network`. Default: this machine. */
  readonly at?: NetworkHost;
  /** Makes it serve TLS, and nothing else. */
  readonly tls?: Certificates;
}

/** Returns the settings by which a Redis or a sentinel listens on a port. */
export function listeningOn(port: number, tls: Certificates | undefined): (readonly [name: string, value: string])[] {
  if (!tls) return [['port', String(port)]];
  return [
    ['port', '0'],
    ['tls-port', String(port)],
    ['tls-cert-file', tls.cert],
    ['tls-key-file', tls.key],
    ['tls-ca-cert-file', tls.ca],
    ['tls-auth-clients', 'no'],
    ['tls-replication', 'yes'],
  ];
}

/**
 * A redis-server of the test, with settings that Keybin accepts. It keeps everything that it acknowledged, however it
 * ends.
 */
export class RedisServer {
  #child: Child | undefined;
  readonly dir = temporaryDirectory();

  constructor(
    readonly port: number,
    private readonly options: RedisServerOptions,
  ) {}

  get url(): string {
    return `${this.tls ? 'rediss' : 'redis'}://${this.host}:${this.port}`;
  }

  get tls(): Certificates | undefined {
    return this.options.tls;
  }

  get host(): string {
    return this.options.at?.address ?? '127.0.0.1';
  }

  /**
   * Starts it, also again and in another environment, on the same port and directory. Resolves when it has loaded its
   * data and answers.
   */
  async start(env = this.options.env): Promise<void> {
    if (this.#child?.alive) throw new Error('This redis-server runs');
    const { appendfsync = 'always', args = [], at } = this.options;
    const listening = listeningOn(this.port, this.tls).flatMap(([name, value]) => [`--${name}`, value]);
    const place = [...listening, '--bind', this.host, '--dir', this.dir, '--save', ''];
    const keeping = ['--appendonly', 'yes', '--appendfsync', appendfsync, '--maxmemory-policy', 'noeviction'];
    const open = at ? ['--protected-mode', 'no'] : [];
    const all = [...place, ...keeping, ...open, ...args];
    const child = new Child(`redis-server ${this.port}`, 'redis-server', all, { env: env ?? {}, at });
    this.#child = child;
    await child.says(/Ready to accept connections/);
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

  /** Sends SIGKILL, SIGSTOP or SIGCONT. After SIGKILL, resolves when the process has ended. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.#child?.kill(signal);
  }
}

/** Starts a redis-server from PATH on a free port. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  return onSomePort(async (port) => {
    const server = new RedisServer(port, options);
    await server.start();
    return server;
  });
}
