import { readKeys, writeValues } from '../load/accounts.js';
import { driverFindOnes } from '../yardsticks/driver.js';
import { compareLoads, loadAlone, loadOnce, medianOf } from '../load/http-load.js';
import { alternate } from '../rounds.js';
import { loadFigures, loadLine, type Row, type Rounds } from '../row.js';
import { type ScaleOut, startScaleOut, startWithStoredValues } from '../scale-out.js';
import { startYardstick, type Scene } from '../scene.js';

const read = { method: 'GET', keys: readKeys } as const;
const pendingTitle = 'scale-out GET of a pending value';
const storedTitle = 'scale-out GET of a stored value';

/** GET of a value that is pending in Redis and not yet in MongoDB. Without a worker it stays pending. */
export const pendingGet: Row = {
  id: 'scale-out-get-pending',
  async measure(scene, { count, seconds }) {
    const [service, yardstick] = await Promise.all([startWithPendingValues(scene), startYardstick()]);
    const loads = await compareLoads(count, service.target, yardstick, { ...read, seconds });
    await expectPending(service);
    return [loadLine(pendingTitle, loads, 1)];
  },
  async measureAlone(scene, { seconds }) {
    const service = await startWithPendingValues(scene);
    const load = await loadAlone(service.target, { ...read, seconds });
    await expectPending(service);
    return loadFigures(pendingTitle, load);
  },
};

async function startWithPendingValues(scene: Scene): Promise<ScaleOut> {
  const service = await startScaleOut(scene);
  await writeValues(service, readKeys);
  return service;
}

async function expectPending(service: ScaleOut): Promise<void> {
  if ((await service.pending()) !== readKeys) throw new Error('The values did not stay pending');
}

/** GET of a value from MongoDB, compared with the driver alone on the same server. */
export const storedGet: Row = {
  id: 'scale-out-get-stored',
  async measure(scene, rounds) {
    const { service, worker } = await startWithStoredValues(scene);
    const stopped = await compareWithDriver(service, rounds);
    await worker.child.kill('SIGCONT');
    const running = await compareWithDriver(service, rounds);
    const title = `${storedTitle} (yardstick: \`findOne\` by the driver)`;
    return [loadLine(title, stopped, 1), loadLine(`${title}, worker running`, running)];
  },
  async measureAlone(scene, { seconds }) {
    const { service, worker } = await startWithStoredValues(scene);
    const stopped = await loadAlone(service.target, { ...read, seconds });
    await worker.child.kill('SIGCONT');
    const running = await loadOnce(service.target, { ...read, seconds });
    return [...loadFigures(storedTitle, stopped), ...loadFigures(`${storedTitle}, worker running`, running)];
  },
};

async function compareWithDriver(service: ScaleOut, { count, seconds }: Rounds) {
  const byDriver = () => driverFindOnes(service.mongo.db(service.database).collection('store'), readKeys, seconds);
  const byProduct = () => loadOnce(service.target, { ...read, seconds });
  await byDriver();
  await byProduct();
  const { a, b } = await alternate(count, byDriver, byProduct);
  return { yardstick: medianOf(a), product: medianOf(b) };
}
