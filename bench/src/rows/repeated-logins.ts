import { basic, signedToken } from '@keybin/test/contract/api/calls.js';
import { benchSettings, type Service, withAccount } from '../load/accounts.js';
import { compareLoads, loadAlone, type Shape, type Target } from '../load/http-load.js';
import { loadFigures, loadLine, type Row } from '../row.js';
import { startScaleOut } from '../scale-out.js';
import type { Scene } from '../scene.js';

/** All requests are for one path. Its query is ignored. */
const shape: Omit<Shape, 'seconds'> = { method: 'GET', keys: 1 };
const atLeast = 0.8;

/** Compares requests that each send the same name and password with such that each send a signed token. */
function repeatedLogins(engine: string, start: (scene: Scene) => Promise<Service>): Row {
  const title = `${engine} GET /api/resource with one password`;
  return {
    id: `${engine}-repeated-logins`,
    async measure(scene, { count, seconds }) {
      const service = await start(scene);
      const [product, yardstick] = [byPassword(service), await byToken(service)];
      const loads = await compareLoads(count, product, yardstick, { ...shape, seconds });
      return [loadLine(`${title} (yardstick: with a token)`, loads, atLeast)];
    },
    async measureAlone(scene, { seconds }) {
      return loadFigures(title, await loadAlone(byPassword(await start(scene)), { ...shape, seconds }));
    },
  };
}

export const embeddedRepeatedLogins = repeatedLogins('embedded', async ({ product }) =>
  withAccount(await product.startApi(benchSettings)),
);

export const scaleOutRepeatedLogins = repeatedLogins('scale-out', (scene) => startScaleOut(scene));

const targetOf = ({ api }: Service, authorization: string): Target => ({
  pid: api.child.pid,
  url: `${api.url}/api/resource?`,
  authorization,
});

const byPassword = (service: Service): Target =>
  targetOf(service, basic(service.account.username, service.account.password));

async function byToken(service: Service): Promise<Target> {
  const { username, password } = service.account;
  return targetOf(service, basic(await signedToken(service.client, username, password), 'x'));
}
