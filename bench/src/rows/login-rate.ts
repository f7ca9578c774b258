import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Account, type Answer, expectOk } from '@keybin/test/world/clients/keybin-client.js';
import { benchSettings, clientElsewhere, type Service, withAccount } from '../load/accounts.js';
import { alternate, median } from '../rounds.js';
import { ratioLine, type Row } from '../row.js';
import { startScaleOut } from '../scale-out.js';
import type { Scene } from '../scene.js';

/** Number of clients. Each core has a next login to hash, and no login waits too long. */
const clients = 2 * availableParallelism();
const atLeast = 0.9;
/**
 * Factor for the length of a round. A hash takes a quarter of a second, so a round needs more time than one of reads.
 */
const longer = 2;

/**
 * Compares the login rate of a few clients with bare bcrypt of the same cost on the same cores. The clients do not
 * pause between logins. Each login comes from a new address, so that its password is hashed.
 */
function loginRate(id: string, title: string, start: (scene: Scene) => Promise<Service>): Row {
  return {
    id,
    async measure(scene, { count, seconds }) {
      const service = await start(scene);
      const accounts = await newAccounts(service);
      const { a, b } = await alternate(
        count,
        () => logins(service, accounts, longer * seconds),
        () => bareHashes(longer * seconds),
      );
      const [product, yardstick] = [median(a), median(b)];
      const sides = { product: `${product.toFixed(1)}/s`, yardstick: `${yardstick.toFixed(1)}/s` };
      return [ratioLine(`${title} (yardstick: bare bcrypt)`, product / yardstick, atLeast, sides)];
    },
    async measureAlone(scene, { seconds }) {
      const service = await start(scene);
      const value = await logins(service, await newAccounts(service), longer * seconds);
      return [{ name: title, value, unit: '/s', better: 'higher' }];
    },
  };
}

export const embeddedLoginRate = loginRate('embedded-login-rate', 'embedded logins', async ({ product }) =>
  withAccount(await product.startApi(benchSettings)),
);

export const scaleOutLoginRate = loginRate('scale-out-login-rate', 'scale-out logins', (scene) => startScaleOut(scene));

async function newAccounts({ client }: Service): Promise<Account[]> {
  const accounts: Account[] = [];
  while (accounts.length < clients) accounts.push(await client.newAccount());
  return accounts;
}

/**
 * Returns logins per second. The time includes the logins that were still running after `seconds`. A login that is
 * refused on a busy machine does not count. Throws if all are refused.
 */
async function logins(service: Service, accounts: readonly Account[], seconds: number): Promise<number> {
  const begin = performance.now();
  let done = 0;
  let last: Answer | undefined;
  const logInWithoutPause = async ({ username, password }: Account) => {
    while (performance.now() < begin + seconds * 1_000) {
      last = await clientElsewhere(service).token(username, password);
      if (last.status === 200) done++;
    }
  };
  await Promise.all(accounts.map(logInWithoutPause));
  if (done === 0 && last) expectOk(last);
  return done / ((performance.now() - begin) / 1_000);
}

async function bareHashes(seconds: number): Promise<number> {
  const script = fileURLToPath(new URL('../yardsticks/bcrypt-yardstick.js', import.meta.url));
  const args = [script, benchSettings.KEYBIN_ACCOUNTS_BCRYPT_COST, String(seconds)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return Number(stdout);
}
