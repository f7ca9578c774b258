import { readKeys, writeValues } from '../accounts.js';
import { driverFindOnes } from '../driver.js';
import { compareLoads, loadOnce, medianOf } from '../http-load.js';
import { alternate } from '../rounds.js';
import { loadLine, type Row, type Rounds } from '../row.js';
import { type ScaleOut, startScaleOut, startWithStoredValues } from '../scale-out.js';
import { startYardstick } from '../scene.js';

/** GET of a value that is staged in Redis and not yet in MongoDB. With a worker no value stays so: that is the next row. */
export const pendingGet: Row = {
  id: 'scale-out-get-pending',
  async measure(scene, { count, seconds }) {
    const [service, yardstick] = await Promise.all([startScaleOut(scene), startYardstick()]);
    await writeValues(service, readKeys);
    const shape = { method: 'GET', keys: readKeys, seconds } as const;
    const loads = await compareLoads(count, service.target, yardstick, shape);
    if ((await service.pending()) !== readKeys) throw new Error('The values did not stay pending');
    return [loadLine('scale-out GET of a pending value', loads, 1)];
  },
};

/** GET of a value from MongoDB, against the driver alone on the same server. */
export const storedGet: Row = {
  id: 'scale-out-get-stored',
  async measure(scene, rounds) {
    const { service, worker } = await startWithStoredValues(scene);
    const stopped = await compareWithDriver(service, rounds);
    await worker.kill('SIGCONT');
    const running = await compareWithDriver(service, rounds);
    const title = 'scale-out GET of a stored value (yardstick: `findOne` by the driver)';
    return [loadLine(title, stopped, 1), loadLine(`${title}, worker running`, running)];
  },
};

async function compareWithDriver(service: ScaleOut, { count, seconds }: Rounds) {
  const byDriver = () => driverFindOnes(service.mongo.db(service.database).collection('store'), readKeys, seconds);
  const byProduct = () => loadOnce(service.target, { method: 'GET', keys: readKeys, seconds });
  await byDriver();
  await byProduct();
  const { a, b } = await alternate(count, byDriver, byProduct);
  return { yardstick: medianOf(a), product: medianOf(b) };
}
