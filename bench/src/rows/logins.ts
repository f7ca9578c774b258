import { setTimeout as delay } from 'node:timers/promises';
import type { Account } from '@keybin/test/world/clients/keybin-client.js';
import { benchSettings, clientElsewhere, readKeys, type Service, withAccount, writeValues } from '../load/accounts.js';
import { loadOnce, medianOf } from '../load/http-load.js';
import { alternate } from '../rounds.js';
import type { Row } from '../row.js';
import { startWithStoredValues } from '../scale-out.js';
import type { Scene } from '../scene.js';

const clients = 8;
const mostTimesQuiet = 5;

/**
 * Compares the p99 of GETs while clients log in without pause with the p99 of a quiet time. Each login comes from a new
 * address, so that its password is hashed.
 */
function loginsBeside(id: string, title: string, start: (scene: Scene) => Promise<Service>): Row {
  return {
    id,
    async measure(scene, { count, seconds }) {
      const sides = await quietAndBusy(await start(scene), seconds);
      await sides.quiet();
      const { a, b } = await alternate(count, sides.quiet, sides.busy);
      const quietMs = medianOf(a).p99Ms;
      const busyMs = medianOf(b).p99Ms;
      return [
        {
          row: `${title}, p99 while ${clients} clients log in without pause (yardstick: the quiet p99)`,
          product: `${busyMs.toFixed(1)} ms (${(sides.logins() / (count * seconds)).toFixed(1)} logins/s)`,
          yardstick: `${quietMs.toFixed(1)} ms`,
          result: (busyMs / quietMs).toFixed(2),
          target: `≤ ${mostTimesQuiet.toFixed(2)}`,
          met: busyMs <= mostTimesQuiet * quietMs,
        },
      ];
    },
    async measureAlone(scene, { seconds }) {
      const { quiet, busy } = await quietAndBusy(await start(scene), seconds);
      await quiet();
      const { p99Ms } = await busy();
      return [{ name: `${title} beside logins, p99`, value: p99Ms, unit: ' ms', better: 'lower' }];
    },
  };
}

export const embeddedLogins = loginsBeside('embedded-logins', 'embedded GET', async ({ product }) => {
  const service = await withAccount(await product.startApi(benchSettings));
  await writeValues(service, readKeys);
  return service;
});

export const scaleOutLogins = loginsBeside(
  'scale-out-logins',
  'scale-out GET of a stored value',
  async (scene) => (await startWithStoredValues(scene)).service,
);

async function quietAndBusy(service: Service, seconds: number) {
  const accounts: Account[] = [];
  for (let client = 0; client < clients; client++) accounts.push(await service.client.newAccount());
  const quiet = () => loadOnce(service.target, { method: 'GET', keys: readKeys, seconds });
  let logins = 0;
  const busy = async () => {
    const over = new AbortController();
    const logInWithoutPause = async ({ username, password }: Account) => {
      while (!over.signal.aborted) {
        const { status, headers } = await clientElsewhere(service).token(username, password);
        if (status === 200) logins++;
        else await delay(Number(headers['retry-after']) * 1_000); // too many logins were waiting
      }
    };
    const load = quiet().finally(() => over.abort());
    const [result] = await Promise.all([load, ...accounts.map(logInWithoutPause)]);
    return result;
  };
  return { quiet, busy, logins: () => logins };
}
