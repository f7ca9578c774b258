import { UnrecoverableError } from 'bullmq';
import { readEntryName } from '@keybin/shared/ids/entry-name.js';
import type { EntriesJob } from '@keybin/shared/engines/scale-out/queue/partition-queue.js';

/**
 * Returns a job if it has a shape that Keybin makes. Operators' tools can add and edit jobs. A job of another shape
 * fails at once and is not tried again. Throws an `UnrecoverableError` for it.
 */
export function checkedEntriesJob(name: string, data: unknown): EntriesJob {
  // Checked to be an object
  const fields = typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
  const { entries } = fields;
  const read = Array.isArray(entries) ? { ...fields, entries: entries.map(parseName) } : fields;
  if (isJob(name, read)) return { name, data: read } as unknown as EntriesJob; // as checked
  throw new UnrecoverableError('This is not a job of Keybin');
}

/**
 * Reads an entry that the dashboard shows as `account/key`. A job that is edited there comes back with such entries.
 */
function parseName(entry: unknown): unknown {
  const name = typeof entry === 'string' ? readEntryName(entry) : undefined;
  return name === undefined ? entry : [name.userId, [name.key]];
}

function isJob(name: string, { entries, requests, userId, key, version, reason }: Record<string, unknown>): boolean {
  switch (name) {
    case 'apply':
      return isEntries(entries) && (requests === undefined || isTexts(requests));
    case 'erase':
      return typeof userId === 'string';
    case 'rejected':
      return (
        typeof userId === 'string' &&
        typeof key === 'string' &&
        Number.isSafeInteger(version) &&
        typeof reason === 'string'
      );
    default:
      return false;
  }
}

const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((each) => typeof each === 'string');

const isEntries = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.every((each) => Array.isArray(each) && each.length === 2 && typeof each[0] === 'string' && isTexts(each[1]));
