import { benchSettings, readKeys, type Service, withAccount, writeValues, writtenKeys } from '../load/accounts.js';
import { compareLoads, loadAlone, type Shape, type Target } from '../load/http-load.js';
import { loadFigures, loadLine, type Row } from '../row.js';
import { startYardstick, type Scene } from '../scene.js';

interface Options {
  readonly id: string;
  readonly title: string;
  readonly shape: Omit<Shape, 'seconds'>;
  readonly atLeast: number;
  readonly prepare?: (service: Service) => Promise<void>;
}

function embeddedLoad({ id, title, shape, atLeast, prepare }: Options): Row {
  const start = async ({ product }: Scene): Promise<Target> => {
    const service = await withAccount(await product.startApi(benchSettings));
    await prepare?.(service);
    return service.target;
  };
  return {
    id,
    async measure(scene, { count, seconds }) {
      const [product, yardstick] = await Promise.all([start(scene), startYardstick()]);
      return [loadLine(title, await compareLoads(count, product, yardstick, { ...shape, seconds }), atLeast)];
    },
    async measureAlone(scene, { seconds }) {
      return loadFigures(title, await loadAlone(await start(scene), { ...shape, seconds }));
    },
  };
}

/** GET of one of 1,000 values. */
export const embeddedGet = embeddedLoad({
  id: 'embedded-get',
  title: 'embedded GET of a value',
  shape: { method: 'GET', keys: readKeys },
  atLeast: 1.3,
  prepare: (service) => writeValues(service, readKeys),
});

/** POST of a 100-byte value. It is acknowledged when it is on disk. */
export const embeddedPost = embeddedLoad({
  id: 'embedded-post',
  title: 'embedded POST of a 100-byte value, durable',
  shape: { method: 'POST', keys: writtenKeys },
  atLeast: 1.1,
});
