import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from '../processes/child.js';
import { onSomePort } from '../processes/some-port.js';
import { temporaryDirectory } from '../processes/temporary-directory.js';
import type { RedisServer } from './redis-server.js';

const count = 3;
const name = 'queue';

/** Three sentinels of the test, which watch a primary and its replicas. Two must agree that it is down. */
export class RedisSentinels {
  private constructor(
    private readonly children: readonly Child[],
    private readonly ports: readonly number[],
  ) {}

  static async start(primary: RedisServer): Promise<RedisSentinels> {
    const started = await Promise.all(Array.from({ length: count }, () => onSomePort((port) => begin(port, primary))));
    return new RedisSentinels(
      started.map(({ child }) => child),
      started.map(({ port }) => port),
    );
  }

  /** URL for `[QUEUE] redis`. */
  get url(): string {
    return `redis+sentinel://${this.ports.map((port) => `127.0.0.1:${port}`).join(',')}/${name}`;
  }

  /** URL of the first sentinel, which takes commands as a Redis does. */
  get firstUrl(): string {
    return `redis://127.0.0.1:${this.ports[0]}`;
  }

  readonly name = name;

  async stop(): Promise<void> {
    await Promise.all(this.children.map((child) => child.stop()));
  }
}

async function begin(port: number, primary: RedisServer): Promise<{ child: Child; port: number }> {
  const directory = temporaryDirectory();
  const file = join(directory, 'sentinel.conf'); // a sentinel writes its state into it
  const lines = [
    `port ${port}`,
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
