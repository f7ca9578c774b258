import type { PendingKeys } from './read.js';

/** All keys in code-unit order: the stored ones, which are in that order already, changed by what is pending. */
export function mergeKeys(stored: readonly string[], { put, deleted }: PendingKeys): string[] {
  const gone = new Set(deleted);
  const added = [...put].sort();
  const merged: string[] = [];
  let next = 0;
  for (const key of stored) {
    for (let other = added[next]; other !== undefined && other <= key; other = added[++next]) {
      if (other < key) merged.push(other);
    }
    if (!gone.has(key)) merged.push(key);
  }
  return merged.concat(added.slice(next));
}
