import { join } from 'node:path';
import { startMongod } from '@keybin/test/world/services/mongo-server.js';
import { residentBytes } from '@keybin/test/world/memory.js';
import { startRedis } from '@keybin/test/world/services/redis-server.js';
import { temporaryDirectory } from '@keybin/test/world/processes/temporary-directory.js';
import { writeExport } from '../load/export-file.js';
import type { Product } from '../compare/product.js';
import { perSecond, type Row } from '../row.js';

const accounts = 10;
const mostBytes = 300e6;
const MB = 1e6;
const lookIntervalMs = 20;

type Env = Readonly<Record<string, string>>;

/** `keybin export` and `import`: entries per second, and the memory of the process without files. */
export const transfer: Row = {
  id: 'transfer',
  async measure({ product }, { shrink }) {
    const runs = await transfers(product, shrink);
    return runs.map(({ what, entries, rate, bytes }) => ({
      row: `${what}, ${entries.toLocaleString('en')} entries`,
      product: perSecond(rate),
      yardstick: '',
      result: `${(bytes / MB).toFixed(0)} MB`,
      target: `≤ ${mostBytes / MB} MB`,
      met: bytes <= mostBytes,
    }));
  },
  async measureAlone({ product }, { shrink }) {
    const runs = await transfers(product, shrink);
    return runs.flatMap(({ what, entries, rate, bytes }) => {
      const name = `${what}, ${entries.toLocaleString('en')} entries`;
      return [
        { name, value: rate, unit: '/s', better: 'higher' },
        { name: `${name}, memory`, value: bytes / MB, unit: ' MB', better: 'lower' },
      ];
    });
  },
};

interface Transfer {
  readonly what: string;
  readonly entries: number;
  /** Entries per second. */
  readonly rate: number;
  /** Largest memory of the process, in bytes. */
  readonly bytes: number;
}

async function transfers(product: Product, shrink: number): Promise<Transfer[]> {
  const [entries, fewer] = [1_000_000 / shrink, 200_000 / shrink];
  const [redis, mongod] = await Promise.all([startRedis(), startMongod({ env: { MONGOD_FAST: '1' } })]);
  const scaleOut = { KEYBIN_STORE_HOST: mongod.url, KEYBIN_QUEUE_REDIS: redis.url };
  const [many, few] = [embedded(), embedded()];
  const manyFile = await writeExport(accounts, entries / accounts);
  const fewFile = await writeExport(accounts, fewer / accounts);
  const run = (what: string, count: number, args: readonly string[], env: Env) =>
    transferOf(product, what, count, args, env);
  return [
    await run('embedded import', entries, ['import', manyFile], many),
    await run('embedded export', entries, ['export', newFile()], many),
    await run('embedded import', fewer, ['import', fewFile], few),
    await run('embedded export', fewer, ['export', newFile()], few),
    await run('scale-out import (MONGOD_FAST=1)', fewer, ['import', fewFile], scaleOut),
    await run('scale-out export (MONGOD_FAST=1)', fewer, ['export', newFile()], scaleOut),
  ];
}

const embedded = (): Env => ({ KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}` });
const newFile = () => join(temporaryDirectory(), 'export');

async function transferOf(
  product: Product,
  what: string,
  entries: number,
  args: readonly string[],
  env: Env,
): Promise<Transfer> {
  const fromMs = performance.now();
  const run = product.command(args, env);
  let bytes = 0;
  const look = setInterval(
    () => (bytes = Math.max(bytes, run.alive ? residentBytes(run.pid) || 0 : 0)),
    lookIntervalMs,
  );
  const { code } = await run.exited.finally(() => clearInterval(look));
  if (code !== 0) throw new Error(`keybin ${args.join(' ')} ended with ${code}: ${run.errors}`);
  const seconds = (performance.now() - fromMs) / 1_000;
  return { what, entries, rate: entries / seconds, bytes };
}
