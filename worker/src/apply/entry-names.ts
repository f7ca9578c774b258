import type { EntryName } from '@keybin/shared/ids/entry-name.js';
import type { ApplyJob } from '@keybin/shared/engines/scale-out/queue/partition-queue.js';

/** Entries by account, as jobs list them. */
export type EntryNames = ApplyJob['data']['entries'];

/** Returns the same entries as a flat list. */
export function flatten(names: EntryNames): EntryName[] {
  return names.flatMap(([userId, keys]) => keys.map((key) => ({ userId, key })));
}

/** Groups items by account. */
export function groupByAccount<Item extends EntryName>(items: readonly Item[]): Map<string, Item[]> {
  const accounts = new Map<string, Item[]>();
  for (const item of items) {
    const account = accounts.get(item.userId);
    if (account) account.push(item);
    else accounts.set(item.userId, [item]);
  }
  return accounts;
}

export function namesOf(items: readonly EntryName[]): EntryNames {
  return [...groupByAccount(items)].map(([userId, entries]) => [userId, entries.map(({ key }) => key)] as const);
}
