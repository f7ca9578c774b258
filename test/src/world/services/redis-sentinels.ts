import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Child } from '../processes/child.js';
import { onSomePort } from '../processes/some-port.js';
import { temporaryDirectory } from '../processes/temporary-directory.js';
import { listeningOn, type RedisServer } from './redis-server.js';

const count = 3;
const name = 'queue';

/** Three sentinels of the test, which watch a primary and its replicas. Two must agree that it is down. */
export class RedisSentinels {
  private constructor(
    private readonly children: readonly Child[],
    private readonly ports: readonly number[],
    private readonly scheme: 'redis' | 'rediss',
  ) {}

  static async start(primary: RedisServer): Promise<RedisSentinels> {
    const started = await Promise.all(Array.from({ length: count }, () => onSomePort((port) => begin(port, primary))));
    return new RedisSentinels(
      started.map(({ child }) => child),
      started.map(({ port }) => port),
      primary.tls ? 'rediss' : 'redis',
    );
  }

  /** URL for `[QUEUE] redis`. */
  get url(): string {
    return `${this.scheme}+sentinel://${this.addresses.map(({ host, port }) => `${host}:${port}`).join(',')}/${name}`;
  }

  readonly name = name;

  get addresses(): { host: string; port: number }[] {
    return this.ports.map((port) => ({ host: '127.0.0.1', port }));
  }

  /** Returns the port of the primary, as the first sentinel sees it. */
  async primaryPort(): Promise<number> {
    const [, port] = (await this.#ask('GET-MASTER-ADDR-BY-NAME', name)) as [string, string];
    return Number(port);
  }

  /** Returns the number of replicas that the first sentinel knows. */
  async replicas(): Promise<number> {
    const [known = []] = (await this.#ask('MASTERS')) as string[][];
    return Number(known[known.indexOf('num-slaves') + 1]);
  }

  /** Replaces the primary, although it works. */
  failOver(): Promise<unknown> {
    return this.#ask('FAILOVER', name);
  }

  async #ask(...words: readonly [string, ...string[]]): Promise<unknown> {
    const sentinel = new Redis({ host: '127.0.0.1', port: this.ports[0] ?? 0 });
    try {
      return await sentinel.call('SENTINEL', ...words);
    } finally {
      sentinel.disconnect();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.children.map((child) => child.stop()));
  }
}

async function begin(port: number, primary: RedisServer): Promise<{ child: Child; port: number }> {
  const directory = temporaryDirectory();
  const file = join(directory, 'sentinel.conf'); // a sentinel writes its state into it
  const lines = [
    ...listeningOn(port, primary.tls).map((setting) => setting.join(' ')),
    'bind 127.0.0.1',
    `dir ${directory}`,
    `sentinel monitor ${name} 127.0.0.1 ${primary.port} ${count - 1}`,
    `sentinel down-after-milliseconds ${name} 1000`,
    `sentinel failover-timeout ${name} 5000`,
  ];
  writeFileSync(file, lines.join('\n'));
  const child = new Child(`redis-sentinel ${port}`, 'redis-sentinel', [file], {});
  await child.says(/\+monitor master/);
  return { child, port };
}
