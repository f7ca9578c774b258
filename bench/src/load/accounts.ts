import { type Account, expectOk, KeybinClient } from '@keybin/test/world/clients/keybin-client.js';
import type { Target } from './http-load.js';
import type { Server } from '../compare/product.js';
import { connections, valueBytes } from './wrk.js';

/** Number of keys that a GET row reads. */
export const readKeys = 1_000;
/** Number of keys that a POST row writes, in random order. */
export const writtenKeys = 10_000;

/**
 * Settings of every measured process. They are the defaults, but tokens outlive the longest row, enough accounts can be
 * registered, and a client may name its address.
 */
export const benchSettings = {
  KEYBIN_APP_TRUST_PROXY: '1',
  KEYBIN_ACCOUNTS_BCRYPT_COST: '12',
  KEYBIN_STORE_TOKEN_EXPIRATION: '86400',
  KEYBIN_LIMITS_REGISTRATIONS_PER_ADDRESS: '1000/900',
};

/** An API process with an account on it. */
export interface Service {
  readonly api: Server;
  readonly client: KeybinClient;
  readonly account: Account;
  readonly target: Target;
}

export async function withAccount(api: Server): Promise<Service> {
  const client = new KeybinClient(api.url);
  const account = await client.newAccount();
  return { api, client, account, target: { pid: api.child.pid, url: `${api.url}/user/${account.token}/store/` } };
}

let addresses = 0;

/** Returns a client at an address of its own. Its password is hashed, even if it was right from another just before. */
export function clientElsewhere({ api }: Service): KeybinClient {
  addresses += 1;
  const address = [10, addresses >> 16, (addresses >> 8) & 255, addresses & 255].join('.');
  return new KeybinClient(api.url, { 'x-forwarded-for': address });
}

/** Runs `step` for 1 ... `count`. By default, as many run at once as wrk has connections. */
export async function inParallel(
  count: number,
  step: (number: number) => Promise<unknown>,
  atOnce = connections,
): Promise<void> {
  let next = 1;
  const lane = async () => {
    while (next <= count) await step(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

export const value = 'v'.repeat(valueBytes);

/** Writes `count` values, by default to the keys that `load.lua` reads. */
export async function writeValues(
  { client, account }: Service,
  count: number,
  keyOf: (number: number) => string = (number) => `key${number}`,
): Promise<void> {
  await inParallel(count, async (number) => expectOk(await client.put(account.token, keyOf(number), value)));
}
