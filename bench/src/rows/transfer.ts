import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { loadConfig } from '@keybin/shared/config/load-config.js';
import { openEngine } from '@keybin/shared/engines/open-engine.js';
import { createLog } from '@keybin/shared/log.js';
import { spawnKeybin } from '@keybin/test/world/keybin-command.js';
import { startMongod } from '@keybin/test/world/mongo-server.js';
import { residentBytes } from '@keybin/test/world/memory.js';
import { startRedis } from '@keybin/test/world/redis-server.js';
import { temporaryDirectory } from '@keybin/test/world/temporary-directory.js';
import { benchSettings, inParallel, value } from '../accounts.js';
import { perSecond, type Line, type Row } from '../row.js';

const accounts = 10;
const mostBytes = 300e6;
const MB = 1e6;
const lookIntervalMs = 20;

type Env = Readonly<Record<string, string>>;

/** `keybin export` and `import`: entries a second, and the memory that the process has for itself. */
export const transfer: Row = {
  id: 'transfer',
  async measure(_scene, { shrink }) {
    const [entries, fewer] = [1_000_000 / shrink, 200_000 / shrink];
    const [redis, mongod] = await Promise.all([startRedis(), startMongod({ MONGOD_FAST: '1' })]);
    const scaleOut = { KEYBIN_STORE_HOST: mongod.url, KEYBIN_QUEUE_REDIS: redis.url };
    const [many, few] = [await embeddedWith(entries), await embeddedWith(fewer)];
    const [manyFile, fewFile, lastFile] = ['many', 'few', 'last'].map((name) => join(temporaryDirectory(), name));
    return [
      await line('embedded export', entries, ['export', manyFile ?? ''], many),
      await line('embedded import', entries, ['import', manyFile ?? ''], embedded()),
      await line('embedded export', fewer, ['export', fewFile ?? ''], few),
      await line('scale-out import (MONGOD_FAST=1)', fewer, ['import', fewFile ?? ''], scaleOut),
      await line('scale-out export (MONGOD_FAST=1)', fewer, ['export', lastFile ?? ''], scaleOut),
    ];
  },
};

const embedded = (): Env => ({ KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}` });

/** An embedded store with so many entries, in ten accounts. */
async function embeddedWith(entries: number): Promise<Env> {
  const env = embedded();
  const engine = await openEngine(loadConfig([], { ...benchSettings, ...env }), createLog({ debug: false }));
  const tokens: string[] = [];
  for (let count = 0; count < accounts; count++) {
    const { userId } = await engine.accounts.create(`account${count}`, `$2b$12$${'.'.repeat(53)}`);
    const token = randomUUID();
    await engine.tokens.issue({ userId, clientId: 'default', token, lifetimeSeconds: 86_400 });
    tokens.push(token);
  }
  const json = JSON.stringify(value);
  const put = (number: number) => engine.entries.put(tokens[number % accounts] ?? '', `key${number}`, json);
  await inParallel(entries, put, 1_000);
  await engine.close();
  return env;
}

async function line(what: string, entries: number, args: readonly string[], env: Env): Promise<Line> {
  const fromMs = performance.now();
  const run = spawnKeybin(args, env);
  let bytes = 0;
  const look = setInterval(
    () => (bytes = Math.max(bytes, run.alive ? residentBytes(run.pid) || 0 : 0)),
    lookIntervalMs,
  );
  const { code } = await run.exited.finally(() => clearInterval(look));
  if (code !== 0) throw new Error(`keybin ${args.join(' ')} ended with ${code}: ${run.errors}`);
  const seconds = (performance.now() - fromMs) / 1_000;
  return {
    row: `${what}, ${entries.toLocaleString('en')} entries`,
    product: perSecond(entries / seconds),
    yardstick: '',
    result: `${(bytes / MB).toFixed(0)} MB`,
    target: `≤ ${mostBytes / MB} MB`,
    met: bytes <= mostBytes,
  };
}
