import { setTimeout as delay } from 'node:timers/promises';
import type { Account } from '@keybin/test/world/keybin-client.js';
import { spawnApi } from '@keybin/test/world/keybin-process.js';
import { benchSettings, readKeys, type Service, withAccount, writeValues } from '../accounts.js';
import { loadOnce, medianOf } from '../http-load.js';
import { alternate } from '../rounds.js';
import type { Line, Row, Rounds } from '../row.js';
import { startWithStoredValues } from '../scale-out.js';

const clients = 8;
const mostTimesQuiet = 5;

/** The 99th percentile of GETs while clients log in without pause, against that of a quiet time. */
export const embeddedLogins: Row = {
  id: 'embedded-logins',
  async measure(_scene, rounds) {
    const service = await withAccount(await spawnApi({ env: benchSettings }));
    await writeValues(service, readKeys);
    return [await compareLatencies('embedded GET', service, rounds)];
  },
};

export const scaleOutLogins: Row = {
  id: 'scale-out-logins',
  async measure(scene, rounds) {
    const { service } = await startWithStoredValues(scene);
    return [await compareLatencies('scale-out GET of a stored value', service, rounds)];
  },
};

async function compareLatencies(title: string, service: Service, { count, seconds }: Rounds): Promise<Line> {
  const accounts: Account[] = [];
  for (let client = 0; client < clients; client++) accounts.push(await service.client.newAccount());
  const quiet = () => loadOnce(service.target, { method: 'GET', keys: readKeys, seconds });
  let logins = 0;
  const busy = async () => {
    const over = new AbortController();
    const logInWithoutPause = async ({ username, password }: Account) => {
      while (!over.signal.aborted) {
        const { status, headers } = await service.client.token(username, password);
        if (status === 200) logins++;
        else await delay(Number(headers['retry-after']) * 1_000); // others were before it for too long
      }
    };
    const done = Promise.all(accounts.map(logInWithoutPause));
    const result = await quiet();
    over.abort();
    await done;
    return result;
  };
  await quiet();
  const { a, b } = await alternate(count, quiet, busy);
  const quietMs = medianOf(a).p99Ms;
  const busyMs = medianOf(b).p99Ms;
  return {
    row: `${title}, p99 while ${clients} clients log in without pause (yardstick: the quiet p99)`,
    product: `${busyMs.toFixed(1)} ms (${(logins / (count * seconds)).toFixed(1)} logins/s)`,
    yardstick: `${quietMs.toFixed(1)} ms`,
    result: (busyMs / quietMs).toFixed(2),
    target: `≤ ${mostTimesQuiet.toFixed(2)}`,
    met: busyMs <= mostTimesQuiet * quietMs,
  };
}
