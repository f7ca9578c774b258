import { KeybinClient } from '@keybin/test/world/clients/keybin-client.js';
import { temporaryDirectory } from '@keybin/test/world/processes/temporary-directory.js';
import { benchSettings, readKeys } from '../load/accounts.js';
import { firstAccount, writeExport } from '../load/export-file.js';
import { compareLoads, loadAlone, type Target } from '../load/http-load.js';
import type { Product } from '../compare/product.js';
import { loadFigures, loadLine, type Row } from '../row.js';

const title = (keys: number) => `embedded GET, ${keys.toLocaleString('en')} keys stored`;

/** GET with many keys in one account, compared with few keys. Both are read at random. */
export const millionKeys: Row = {
  id: 'embedded-million',
  async measure({ product }, { count, seconds, shrink }) {
    const keys = 1_000_000 / shrink;
    const many = await startWithKeys(product, keys);
    const few = await startWithKeys(product, readKeys);
    const loads = await compareLoads(count, many, few, { method: 'GET', keys: readKeys, seconds });
    return [loadLine(`${title(keys)} (yardstick: ${readKeys.toLocaleString('en')} keys)`, loads, 0.85)];
  },
  async measureAlone({ product }, { seconds, shrink }) {
    const keys = 1_000_000 / shrink;
    const many = await startWithKeys(product, keys);
    return loadFigures(title(keys), await loadAlone(many, { method: 'GET', keys, seconds }));
  },
};

/** Starts an API process on a directory with this many keys. They are imported without HTTP, which is faster. */
async function startWithKeys(product: Product, keys: number): Promise<Target> {
  const env = { ...benchSettings, KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}` };
  const run = product.command(['import', await writeExport(1, keys)], env);
  if ((await run.exited).code !== 0) throw new Error(`The keys were not imported: ${run.output}`);
  const api = await product.startApi(env);
  const token = await new KeybinClient(api.url).logIn(firstAccount.username, firstAccount.password);
  return { pid: api.child.pid, url: `${api.url}/user/${token}/store/`, keys };
}
