import { setTimeout as delay } from 'node:timers/promises';
import { writeValues } from '../load/accounts.js';
import type { Row } from '../row.js';
import { type ScaleOut, startScaleOut } from '../scale-out.js';
import type { Scene } from '../scene.js';

const MiB = 2 ** 20;
const mostMiB = 5;

/**
 * Redis's memory after many writes to distinct keys were applied, compared with before. Both include the queue's event
 * stream.
 */
export const redisMemory: Row = {
  id: 'redis-memory',
  async measure(scene, { shrink }) {
    const writes = 200_000 / shrink;
    const { before, after } = await memoryOf(scene, writes);
    const growth = (after - before) / MiB;
    return [
      {
        row: `Redis memory after ${writes.toLocaleString('en')} writes were applied (yardstick: before; MONGOD_FAST=1)`,
        product: `${(after / MiB).toFixed(1)} MiB`,
        yardstick: `${(before / MiB).toFixed(1)} MiB`,
        result: `${growth.toFixed(1)} MiB more`,
        target: `≤ ${mostMiB} MB more`,
        met: growth * MiB <= mostMiB * 1e6,
      },
    ];
  },
  async measureAlone(scene, { shrink }) {
    const { after } = await memoryOf(scene, 200_000 / shrink);
    return [{ name: 'Redis memory after writes were applied', value: after / MiB, unit: ' MiB', better: 'lower' }];
  },
};

async function memoryOf(scene: Scene, writes: number): Promise<{ before: number; after: number }> {
  const service = await startScaleOut(scene, { unsyncedMongod: true });
  await service.startWorker();
  const before = await settledMemory(service);
  await writeValues(service, writes);
  return { before, after: await settledMemory(service) };
}

/**
 * Resolves with `used_memory` once all is applied and the value is steady. A rewrite of the log and clients' buffers
 * must end first.
 */
async function settledMemory(service: ScaleOut): Promise<number> {
  const pauseMs = 500;
  const steadyBytes = 64 * 1_024;
  const info = async (section: string, field: string) =>
    Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(await service.redis.info(section))?.[1]);
  await service.drained();
  for (let last = Infinity, steady = 0; ;) {
    const now = await info('memory', 'used_memory');
    const isRewriting = (await info('persistence', 'aof_rewrite_in_progress')) === 1;
    steady = !isRewriting && Math.abs(now - last) < steadyBytes ? steady + 1 : 0;
    if (steady === 4) return now;
    last = now;
    await delay(pauseMs);
  }
}
