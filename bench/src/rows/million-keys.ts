import { loadConfig } from '@keybin/shared/config/load-config.js';
import { openEngine } from '@keybin/shared/engines/open-engine.js';
import { createLog } from '@keybin/shared/log.js';
import { spawnApi } from '@keybin/test/world/keybin-process.js';
import { temporaryDirectory } from '@keybin/test/world/temporary-directory.js';
import { randomUUID } from 'node:crypto';
import { benchSettings, inParallel, readKeys, value } from '../accounts.js';
import { compareLoads, type Target } from '../http-load.js';
import { loadLine, type Row } from '../row.js';

const lifetimeSeconds = 86_400;

/** GET with many keys stored in one account, against few; both read at random. */
export const millionKeys: Row = {
  id: 'embedded-million',
  async measure(_scene, { count, seconds, shrink }) {
    const keys = 1_000_000 / shrink;
    const many = await startWithKeys(keys);
    const few = await startWithKeys(readKeys);
    const loads = await compareLoads(count, many, few, { method: 'GET', keys: readKeys, seconds });
    const title = `embedded GET, ${keys.toLocaleString('en')} keys stored (yardstick: ${readKeys.toLocaleString('en')} keys)`;
    return [loadLine(title, loads, 0.85)];
  },
};

/** An API process on a directory that holds this many keys. They are written by the engine without HTTP, to save time. */
async function startWithKeys(keys: number): Promise<Target> {
  const env = { ...benchSettings, KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}` };
  const engine = await openEngine(loadConfig([], env), createLog({ debug: false }));
  const { userId } = await engine.accounts.create('reader', 'nobody logs in');
  const token = randomUUID();
  await engine.tokens.issue({ userId, clientId: 'default', token, lifetimeSeconds });
  const json = JSON.stringify(value);
  await inParallel(keys, (number) => engine.entries.put(token, `key${number}`, json), 1_000);
  await engine.close();
  const api = await spawnApi({ env });
  return { pid: api.child.pid, url: `${api.url}/user/${token}/store/`, keys };
}
