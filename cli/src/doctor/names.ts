import type { Config } from '@keybin/shared/config/config.js';
import { foldedName } from '@keybin/shared/ids/folded-name.js';
import type { Diagnosis, StoreReader } from '@keybin/shared/ports/operations.js';
import { withStoreReader } from '../command/with-store.js';

/** Clashes that are listed by name; the others are counted. */
const mostListed = 20;

/**
 * Finds accounts whose names `[ACCOUNTS] distinct_names` would not let register beside each other. Returns nothing if
 * that is off, or if the store cannot be read, which is another finding.
 */
export async function diagnoseNames(config: Config): Promise<Diagnosis[]> {
  if (!config.accounts.distinctNames) return [];
  const clashes = await withStoreReader(config, clashesIn).catch(() => undefined);
  if (!clashes) return [];
  const check = 'usernames';
  if (clashes.length === 0) return [{ check, state: 'ok', says: 'all names are distinct' }];
  const listed = clashes.slice(0, mostListed).map((names) => names.map((name) => JSON.stringify(name)).join(' and '));
  const more = clashes.length > mostListed ? `, and ${clashes.length - mostListed} more` : '';
  const remedy = 'they go on to work; agree with their owners which account is deleted or disabled';
  return [{ check, state: 'warning', says: `names that look the same: ${listed.join(', ')}${more}`, remedy }];
}

/**
 * Returns the names that share a folded form. Reads the accounts twice, to remember a few bytes of each at most: first
 * it looks which hashes occur more than once.
 */
async function clashesIn(reader: Pick<StoreReader, 'accounts'>): Promise<string[][]> {
  const once = new Set<number>();
  const several = new Set<number>();
  for await (const { username } of reader.accounts()) {
    const start = startOf(foldedName(username));
    if (once.has(start)) several.add(start);
    once.add(start);
  }
  if (several.size === 0) return [];
  const names = new Map<string, string[]>();
  for await (const { username } of reader.accounts()) {
    const folded = foldedName(username);
    if (several.has(startOf(folded))) names.set(folded, [...(names.get(folded) ?? []), username]);
  }
  return [...names.values()].filter(({ length }) => length > 1);
}

/** Returns the first 48 bits of a hash. */
const startOf = (hash: string) => Number.parseInt(hash.slice(0, 12), 16);
