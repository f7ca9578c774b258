import { writeValues } from '../load/accounts.js';
import { driverBulkWrites, type StoredDocument } from '../yardsticks/driver.js';
import { processCpuUs } from '../report/process-cpu.js';
import { alternate, median } from '../rounds.js';
import { perSecond, ratioLine, type Row } from '../row.js';
import { startScaleOut } from '../scale-out.js';
import type { Scene } from '../scene.js';

const pollMs = 5;

/**
 * Applies writes to distinct keys. They are accepted while the worker is stopped. The time runs from SIGCONT until none
 * is pending.
 */
export const distinctKeys: Row = {
  id: 'worker-distinct',
  async measure(scene, { count, shrink }) {
    const writes = 10_000 / shrink;
    const { service, byWorker } = await startDistinct(scene, writes);
    const store = service.mongo.db(service.database).collection<StoredDocument>('store');
    const byDriver = () => driverBulkWrites(store, writes);
    await byDriver();
    await byWorker();
    const { a, b } = await alternate(count, byDriver, byWorker);
    const workerRate = median(b.map(({ rate }) => rate));
    const driverRate = median(a);
    const sides = {
      product: `${perSecond(workerRate)}, ${median(b.map(({ cpuUs }) => cpuUs)).toFixed(0)} µs`,
      yardstick: perSecond(driverRate),
    };
    const title = 'worker, distinct keys (yardstick: bulk writes of 500 by the driver; both with MONGOD_FAST=1)';
    return [ratioLine(title, workerRate / driverRate, 0.7, sides)];
  },
  async measureAlone(scene, { shrink }) {
    const { byWorker } = await startDistinct(scene, 10_000 / shrink);
    await byWorker();
    const { rate, cpuUs } = await byWorker();
    return [
      { name: 'worker, distinct keys', value: rate, unit: '/s', better: 'higher' },
      { name: 'worker, distinct keys, CPU time', value: cpuUs, unit: ' µs', better: 'lower' },
    ];
  },
};

async function startDistinct(scene: Scene, writes: number) {
  const service = await startScaleOut(scene, { unsyncedMongod: true });
  const worker = await service.startWorker();
  let round = 0;
  const byWorker = async () => {
    await worker.child.kill('SIGSTOP');
    const prefix = `round${round++}.`;
    await writeValues(service, writes, (number) => `${prefix}${number}`);
    if ((await service.pending()) !== writes) throw new Error('The writes did not stay pending');
    const { pid } = worker.child;
    const cpuBefore = processCpuUs(pid);
    const begin = performance.now();
    await worker.child.kill('SIGCONT');
    while ((await service.pending()) > 0) await new Promise((resolve) => setTimeout(resolve, pollMs));
    const rate = writes / ((performance.now() - begin) / 1_000);
    const cpuUs = (processCpuUs(pid) - cpuBefore) / writes;
    await service.drained();
    return { rate, cpuUs };
  };
  return { service, byWorker };
}

/**
 * Writes to few keys while the worker runs. Every update sent to the database counts, even one that changed nothing.
 */
export const fewKeys: Row = {
  id: 'worker-few-keys',
  async measure(scene, { shrink }) {
    const writes = 20_000 / shrink;
    const mostUpdates = 2_000 / shrink;
    const { updates, seconds } = await writeFewKeys(scene, writes);
    return [
      {
        row: `worker, ${writes.toLocaleString('en')} writes to 10 keys`,
        product: `${updates.toLocaleString('en')} updates (writing took ${seconds.toFixed(1)} s)`,
        yardstick: '',
        result: (updates / writes).toFixed(3),
        target: `< ${mostUpdates.toLocaleString('en')} updates`,
        met: updates < mostUpdates,
      },
    ];
  },
  async measureAlone(scene, { shrink }) {
    const { updates } = await writeFewKeys(scene, 20_000 / shrink);
    return [{ name: 'worker, writes to 10 keys', value: updates, unit: ' updates', better: 'lower' }];
  },
};

async function writeFewKeys(scene: Scene, writes: number): Promise<{ updates: number; seconds: number }> {
  const service = await startScaleOut(scene);
  await service.startWorker();
  const admin = service.mongo.db('admin');
  // The API sends no update between the two readings: its only account exists already.
  const updates = async () => Number((await admin.command({ serverStatus: 1 }))['opcounters'].update);
  const before = await updates();
  const begin = performance.now();
  await writeValues(service, writes, (number) => `key${number % 10}`);
  const seconds = (performance.now() - begin) / 1_000;
  await service.drained();
  return { updates: (await updates()) - before, seconds };
}
