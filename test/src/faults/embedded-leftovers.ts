import { openDatabases, type Databases } from '@keybin/shared/engines/lmdb/environment.js';
import { afterVersion, bearerIn, parseAccount, rangeOf } from '@keybin/shared/engines/lmdb/records.js';
import { eventually } from '../world/eventually.js';
import { differ } from './differ.js';
import type { Leftovers, Shown } from './world.js';

/** The sweeper of each process goes round every ten seconds. */
const sweptWithinMs = 30_000;

/** Looks into the directory while the APIs, whose sweepers it waits for, have it open. */
export async function embeddedLeftovers(directory: string, shown: readonly Shown[]): Promise<Leftovers> {
  const databases = openDatabases(directory, true);
  try {
    await eventually(() => ofNobody(databases).length === 0, 'the end of erased data', sweptWithinMs).catch(() => {});
    return { pending: 0, jobs: 0, resurrected: ofNobody(databases), different: differences(databases, shown) };
  } finally {
    await databases.environment.close();
  }
}

/** Records of entries, tokens and erasures whose account is not there. */
function ofNobody({ environment, accounts, entries, tokens, erasing }: Databases): string[] {
  environment.resetReadTxn();
  const live = new Set([...accounts.getRange()].map(({ value }) => String(parseAccount(value).number)));
  return [
    ...[...entries.getKeys()].filter((id) => !live.has(ownerIn(id))),
    ...[...tokens.getRange()].filter(({ value }) => !live.has(bearerIn(value).number)).map(({ key }) => `token ${key}`),
    ...erasing.getKeys(),
  ];
}

function differences({ accounts, entries }: Databases, shown: readonly Shown[]): string[] {
  return shown.flatMap(({ username, values }) => {
    const account = accounts.get(username);
    const records = account === undefined ? [] : [...entries.getRange(rangeOf(String(parseAccount(account).number)))];
    const stored = records.map(({ key, value }): [string, unknown] => [keyIn(key), JSON.parse(afterVersion(value))]);
    return differ(username, new Map(stored), values);
  });
}

/** A record's id is `<account number>/<key>`. */
const ownerIn = (id: string) => id.slice(0, id.indexOf('/'));
const keyIn = (id: string) => id.slice(id.indexOf('/') + 1);
