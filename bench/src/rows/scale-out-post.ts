import { writtenKeys } from '../load/accounts.js';
import { compareLoads, loadAlone } from '../load/http-load.js';
import { loadFigures, loadLine, type Row } from '../row.js';
import { startScaleOut } from '../scale-out.js';
import { startYardstick } from '../scene.js';

/**
 * Measures POSTs of a 100-byte value, which is acknowledged when it is pending in Redis. Measures them again while a
 * worker applies the writes.
 */
function scaleOutPost(durability: 'always' | 'everysec', atLeast: number): Row {
  const title = `scale-out POST, Redis syncing ${durability}`;
  return {
    id: `scale-out-post-${durability}`,
    async measure(scene, { count, seconds }) {
      const [service, yardstick] = await Promise.all([startScaleOut(scene, { durability }), startYardstick()]);
      const shape = { method: 'POST', keys: writtenKeys, seconds } as const;
      const stopped = await compareLoads(count, service.target, yardstick, shape);
      await service.startWorker();
      await service.drained();
      const running = await compareLoads(count, service.target, yardstick, shape, () => service.drained());
      return [loadLine(title, stopped, atLeast), loadLine(`${title}, worker running`, running)];
    },
    async measureAlone(scene, { seconds }) {
      const service = await startScaleOut(scene, { durability });
      const shape = { method: 'POST', keys: writtenKeys, seconds } as const;
      const stopped = await loadAlone(service.target, shape);
      await service.startWorker();
      await service.drained();
      const running = await loadAlone(service.target, shape, () => service.drained());
      return [...loadFigures(title, stopped), ...loadFigures(`${title}, worker running`, running)];
    },
  };
}

export const scaleOutPostAlways = scaleOutPost('always', 0.8);
export const scaleOutPostEverysec = scaleOutPost('everysec', 1);
