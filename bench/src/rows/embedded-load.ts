import { spawnApi } from '@keybin/test/world/keybin-process.js';
import { benchSettings, readKeys, withAccount, writeValues, writtenKeys } from '../accounts.js';
import { compareLoads } from '../http-load.js';
import { loadLine, type Row } from '../row.js';
import { startYardstick } from '../scene.js';

const startEmbedded = async () => withAccount(await spawnApi({ env: benchSettings }));

/** GET of a value, one of 1,000. */
export const embeddedGet: Row = {
  id: 'embedded-get',
  async measure(_scene, { count, seconds }) {
    const [service, yardstick] = await Promise.all([startEmbedded(), startYardstick()]);
    await writeValues(service, readKeys);
    const shape = { method: 'GET', keys: readKeys, seconds } as const;
    return [loadLine('embedded GET of a value', await compareLoads(count, service.target, yardstick, shape), 1.3)];
  },
};

/** POST of a 100-byte value, answered when it is on disk. */
export const embeddedPost: Row = {
  id: 'embedded-post',
  async measure(_scene, { count, seconds }) {
    const [service, yardstick] = await Promise.all([startEmbedded(), startYardstick()]);
    const shape = { method: 'POST', keys: writtenKeys, seconds } as const;
    const loads = await compareLoads(count, service.target, yardstick, shape);
    return [loadLine('embedded POST of a 100-byte value, durable', loads, 1.1)];
  },
};
