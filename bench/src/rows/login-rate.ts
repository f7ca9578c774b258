import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Account, expectOk } from '@keybin/test/world/keybin-client.js';
import { spawnApi } from '@keybin/test/world/keybin-process.js';
import { benchSettings, type Service, withAccount } from '../accounts.js';
import { alternate, median } from '../rounds.js';
import { ratioLine, type Line, type Row, type Rounds } from '../row.js';
import { startScaleOut } from '../scale-out.js';

/** So many that each core has a next one, and few enough that none waits too long. */
const clients = 2 * availableParallelism();
const atLeast = 0.9;
/** A hash takes a quarter of a second: a round needs more time than one of reads. */
const longer = 2;

/** Logins that a few clients make without pause, against bare bcrypt of the same cost on the same cores. */
export const embeddedLoginRate: Row = {
  id: 'embedded-login-rate',
  measure: async (_scene, rounds) => [
    await compareRates('embedded', await withAccount(await spawnApi({ env: benchSettings })), rounds),
  ],
};

export const scaleOutLoginRate: Row = {
  id: 'scale-out-login-rate',
  measure: async (scene, rounds) => [await compareRates('scale-out', await startScaleOut(scene), rounds)],
};

async function compareRates(title: string, service: Service, { count, seconds }: Rounds): Promise<Line> {
  const accounts: Account[] = [];
  for (let client = 0; client < clients; client++) accounts.push(await service.client.newAccount());
  const { a, b } = await alternate(
    count,
    () => logins(service, accounts, longer * seconds),
    () => bareHashes(longer * seconds),
  );
  const [product, yardstick] = [median(a), median(b)];
  return ratioLine(`${title} logins (yardstick: bare bcrypt)`, product / yardstick, atLeast, {
    product: `${product.toFixed(1)}/s`,
    yardstick: `${yardstick.toFixed(1)}/s`,
  });
}

/** Per second, until all that were begun in `seconds` have ended. */
async function logins({ client }: Service, accounts: readonly Account[], seconds: number): Promise<number> {
  const begin = performance.now();
  let done = 0;
  const logInWithoutPause = async ({ username, password }: Account) => {
    while (performance.now() < begin + seconds * 1_000) {
      expectOk(await client.token(username, password));
      done++;
    }
  };
  await Promise.all(accounts.map(logInWithoutPause));
  return done / ((performance.now() - begin) / 1_000);
}

async function bareHashes(seconds: number): Promise<number> {
  const script = fileURLToPath(new URL('../bcrypt-yardstick.js', import.meta.url));
  const args = [script, benchSettings.KEYBIN_ACCOUNTS_BCRYPT_COST, String(seconds)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return Number(stdout);
}
